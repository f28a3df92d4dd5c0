// What all moving pictures are made of: sliders, a button, bars, and a sentence that says what is to be seen.

type Attributes = Record<string, string | number>;

function filled<T extends Element>(made: T, attributes: Attributes, children: (Node | string)[]): T {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, `${value}`);
  made.append(...children);
  return made;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

/** A picture that a screen reader passes over: the sentence below says the same. */
export function canvas(width: number, height: number): SVGSVGElement {
  return svg('svg', { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' });
}

export function shown(value: number, digits = 2): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text.replace('-', '−');
}

export function button(text: string, act: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button' }, text);
  made.addEventListener('click', act);
  return made;
}

export interface Slider {
  letter: string;
  what: string; // for those who hear it, and below the letter
  min: number;
  max: number;
  step: number;
  start: number;
  text: (value: number) => string;
}

export interface Controls {
  node: HTMLElement;
  buttons: HTMLElement;
  set: (slider: number, value: number) => void;
}

/** Labelled sliders and a button that sets them back; `moved` is told all values, the first time at once. */
export function controls(sliders: Slider[], moved: (...values: number[]) => void): Controls {
  const inputs = sliders.map(({ min, max, step, start }) =>
    element('input', { type: 'range', min, max, step, value: start, autocomplete: 'off' })
  );
  const values = sliders.map(() => element('span', { class: 'play-value' }));
  const tell = () => {
    const numbers = inputs.map(input => input.valueAsNumber);
    numbers.forEach((number, n) => {
      values[n].textContent = sliders[n].text(number);
      inputs[n].setAttribute('aria-valuetext', sliders[n].text(number));
    });
    moved(...numbers);
  };
  const set = (slider: number, value: number) => {
    inputs[slider].value = `${value}`;
    tell();
  };
  const labels = sliders.map(({ letter, what }, n) =>
    element('label', {}, element('span', {}, element('i', {}, letter), ` ${what}`), inputs[n], values[n])
  );
  const reset = button('Reset', () => {
    sliders.forEach(({ start }, n) => (inputs[n].value = `${start}`));
    tell();
  });
  for (const input of inputs) input.addEventListener('input', tell);
  const buttons = element('div', { class: 'play-buttons' }, reset);
  queueMicrotask(tell); // when the picture's other parts are there
  return { node: element('div', { class: 'play-controls' }, ...labels, buttons), buttons, set };
}

/** What is to be seen, in words; screen readers say it after each change. */
export function sentence(): HTMLElement {
  return element('p', { class: 'play-says', role: 'status' });
}

/** Rows of bars from 0 to 1, each with a name before it and its number behind it. */
export class Bars {
  readonly node: HTMLElement;
  private rows: [HTMLElement, HTMLElement][];

  constructor(names: string[], title = '') {
    this.rows = names.map(() => [element('span', { class: 'play-bar' }), element('span', { class: 'play-number' })]);
    const rows = names.map((name, n) =>
      element('li', {}, element('span', {}, name), element('span', { class: 'play-track' }, this.rows[n][0]), this.rows[n][1])
    );
    this.node = element('div', {}, element('ul', { class: 'play-bars', ...(title && { 'aria-label': title }) }, ...rows));
    if (title) this.node.prepend(element('p', {}, title));
  }

  show(shares: number[]): void {
    shares.forEach((share, n) => {
      this.rows[n][0].style.width = `${100 * share}%`;
      this.rows[n][1].textContent = shown(share);
    });
  }
}
