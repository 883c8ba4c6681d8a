import type { JSX } from 'react';
import { spansOf } from './ansi.ts';

/** What a program printed, with its colours as looks of ours. */
export function ColouredText({ text: printed }: { readonly text: string }): JSX.Element {
  return (
    <>
      {spansOf(printed).map(({ text, look }, index) => (
        <Piece key={index} text={text} look={look} />
      ))}
    </>
  );
}

function Piece({ text, look }: { readonly text: string; readonly look: string }): JSX.Element {
  return look === '' ? <>{text}</> : <span className={look}>{text}</span>;
}
