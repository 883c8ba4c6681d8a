/**
 * The page's policy for content allows no style element with text in it and no style attribute; xterm makes both, by
 * `document.createElement`. While a terminal is shown, rules go into style sheets made by script and attributes into
 * properties, which the policy allows: it stays as strict as it is. Gives what ends that.
 */
export function makeStrictElements(page: Document): () => void {
  const make = page.createElement.bind(page);
  page.createElement = (tag: string, options?: ElementCreationOptions) =>
    // a style element is reported even while it is empty
    tag === 'style' ? asSheet(page, make('template')) : strictElement(make(tag, options), tag);
  return () => {
    // the prototype's own is found again
    delete (page as Partial<Document>).createElement;
  };
}

function strictElement(element: HTMLElement, tag: string): HTMLElement {
  if (tag !== 'span') return element;
  const set = element.setAttribute.bind(element);
  element.setAttribute = (name, value) => {
    if (name === 'style') element.style.cssText = value;
    else set(name, value);
  };
  return element;
}

/** In the place of a style element one that stays empty: its text is a sheet of the document for as long as it is there. */
function asSheet(page: Document, element: HTMLElement): HTMLElement {
  const sheet = new CSSStyleSheet();
  const remove = element.remove.bind(element);
  page.adoptedStyleSheets = [...page.adoptedStyleSheets, sheet];
  Object.defineProperty(element, 'textContent', {
    set: (text: string) => {
      sheet.replaceSync(text);
    },
  });
  element.remove = () => {
    page.adoptedStyleSheets = page.adoptedStyleSheets.filter(each => each !== sheet);
    remove();
  };
  return element;
}
