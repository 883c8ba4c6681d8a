import { Component, type JSX, type ReactNode, useEffect, useState } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { toDeckhandError } from 'deckhand/client';
import type { LazyPart } from './engine/lazy-part.ts';
import { useLive } from './engine/use-live.ts';
import { keepFocus } from './frame/keep-focus.ts';
import { listenForKeys } from './frame/keys.ts';
import { Palette } from './frame/palette.tsx';
import { Rail } from './frame/rail.tsx';
import { ShortcutsSheet } from './frame/shortcuts-sheet.tsx';
import { StatusLine } from './frame/status-line.tsx';
import { TopBar } from './frame/top-bar.tsx';
import { EmptyState } from './parts/empty-state.tsx';
import { Fault } from './parts/fault.tsx';
import { FIRST_PLACE, loadScreens, SCREENS } from './screens.ts';

/** The frame around every screen. */
export function App(): JSX.Element {
  const [place, navigate] = useLocation();
  const [over, setOver] = useState<'palette' | 'sheet' | null>(null);
  const { state } = useLive();
  const isLive = state === 'live';
  useEffect(() => {
    if (!isLive) return undefined;
    const stop = new AbortController();
    loadScreens(stop.signal).catch(() => undefined);
    return () => stop.abort();
  }, [isLive]);
  useEffect(
    () =>
      listenForKeys({
        go: navigate,
        openPalette: () => setOver('palette'),
        openSheet: () => setOver('sheet'),
      }),
    [navigate],
  );
  useEffect(keepFocus, []);
  if (state === 'signed-out') return <SignedOut />;
  return (
    <div className="flex h-dvh flex-col">
      <TopBar onPalette={() => setOver('palette')} onSheet={() => setOver('sheet')} />
      <div className="flex min-h-0 flex-1 flex-col md:flex-row">
        <Rail />
        <main
          tabIndex={-1}
          className={`min-h-0 min-w-0 flex-1 outline-none ${state === 'reconnecting' ? 'opacity-70' : ''}`}
        >
          <ScreenGuard key={place}>
            <Switch>
              {SCREENS.map(({ path, part }) => (
                <Route key={path} path={path}>
                  <ScreenPart part={part} />
                </Route>
              ))}
              <Route path="/">
                <Redirect to={FIRST_PLACE} />
              </Route>
              <Route>
                <EmptyState title="There is nothing at this address.">
                  <p>Press Ctrl K to go somewhere else.</p>
                </EmptyState>
              </Route>
            </Switch>
          </ScreenGuard>
        </main>
      </div>
      {over === 'palette' ? <Palette onClose={() => setOver(null)} /> : null}
      {over === 'sheet' ? <ShortcutsSheet onClose={() => setOver(null)} /> : null}
      <StatusLine />
    </div>
  );
}

/** A screen, as soon as it is loaded; nothing until then. */
function ScreenPart({ part }: { readonly part: LazyPart }): JSX.Element | null {
  const [, setLoaded] = useState(part.component !== null);
  const [thrown, setThrown] = useState<unknown>(null);
  useEffect(() => {
    part.load().then(() => setLoaded(true), setThrown);
  }, [part]);
  if (thrown !== null) throw thrown;
  const Screen = part.component;
  return Screen ? <Screen /> : null;
}

function SignedOut(): JSX.Element {
  return (
    <main>
      <h1 className="sr-only">Deckhand</h1>
      <EmptyState title="Nobody is signed in.">
        <p>
          Run <code className="font-mono text-text">deckhand console</code>: it prints a link that works once.
        </p>
      </EmptyState>
    </main>
  );
}

/** A screen that fails takes nothing else with it. */
class ScreenGuard extends Component<{ readonly children: ReactNode }, { readonly thrown: unknown }> {
  override state: { readonly thrown: unknown } = { thrown: null };

  static getDerivedStateFromError(thrown: unknown): { readonly thrown: unknown } {
    return { thrown };
  }

  override render(): ReactNode {
    if (this.state.thrown === null) return this.props.children;
    return (
      <div className="p-4">
        <Fault error={toDeckhandError(this.state.thrown)} />
      </div>
    );
  }
}
