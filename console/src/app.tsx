import { Component, type JSX, type ReactNode, Suspense, useEffect, useState } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { toDeckhandError } from 'deckhand/client';
import { useLive } from './engine/use-live.ts';
import { listenForKeys } from './frame/keys.ts';
import { Palette } from './frame/palette.tsx';
import { Rail } from './frame/rail.tsx';
import { ShortcutsSheet } from './frame/shortcuts-sheet.tsx';
import { StatusLine } from './frame/status-line.tsx';
import { TopBar } from './frame/top-bar.tsx';
import { EmptyState } from './parts/empty-state.tsx';
import { Fault } from './parts/fault.tsx';
import { FIRST_PLACE, SCREENS } from './screens.ts';

/** The frame around every screen. */
export function App(): JSX.Element {
  const [place, navigate] = useLocation();
  const [over, setOver] = useState<'palette' | 'sheet' | null>(null);
  const { state } = useLive();
  useEffect(
    () =>
      listenForKeys({
        go: navigate,
        openPalette: () => setOver('palette'),
        openSheet: () => setOver('sheet'),
      }),
    [navigate],
  );
  if (state === 'signed-out') return <SignedOut />;
  return (
    <div className="flex h-dvh flex-col">
      <TopBar onPalette={() => setOver('palette')} onSheet={() => setOver('sheet')} />
      <div className="flex min-h-0 flex-1 flex-col md:flex-row">
        <Rail />
        <main className={`min-h-0 min-w-0 flex-1 ${state === 'reconnecting' ? 'opacity-70' : ''}`}>
          <ScreenGuard key={place}>
            <Suspense fallback={null}>
              <Switch>
                {SCREENS.map(({ path, Component: Screen }) => (
                  <Route key={path} path={path} component={Screen} />
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
            </Suspense>
          </ScreenGuard>
        </main>
      </div>
      {over === 'palette' ? <Palette onClose={() => setOver(null)} /> : null}
      {over === 'sheet' ? <ShortcutsSheet onClose={() => setOver(null)} /> : null}
      <StatusLine />
    </div>
  );
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
