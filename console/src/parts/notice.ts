/** The one line that says what just happened; a screen reader hears it too. */
type Viewer = () => void;
let line = '';
const viewers = new Set<Viewer>();

export const notice = {
  say(text: string): void {
    line = text;
    for (const viewer of viewers) viewer();
  },
  line: (): string => line,
  onLine: (viewer: Viewer): (() => void) => {
    viewers.add(viewer);
    return () => viewers.delete(viewer);
  },
};
