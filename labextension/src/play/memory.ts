// 2.2: ten steps of c' = f ⊙ c + i ⊙ g and h' = o ⊙ tanh(c'), one unit: what is kept, what is added, what is shown.
import { memory as unroll } from './numbers';
import { canvas, controls, element, sentence, shown, svg } from './parts';

const START = 2;
const STEPS = 10;
const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [420, 210, 30, 12, 186];
const COLUMN = (WIDTH - LEFT) / (STEPS + 1);

export function memory(): Node[] {
  const picture = canvas(WIDTH, HEIGHT);
  const says = sentence();
  const gate = (letter: string, what: string, start: number, min = 0) => ({
    letter,
    what,
    min,
    max: 1,
    step: 0.05,
    start,
    text: (value: number) => shown(value)
  });
  const sliders = [
    gate('f', 'forget gate', 0.8),
    gate('i', 'input gate', 0.5),
    gate('g', 'proposal', 0.6, -1),
    gate('o', 'output gate', 0.5)
  ];
  const { node } = controls(sliders, (f, i, g, o) => {
    const steps = unroll(f, i, g, o, START, STEPS);
    draw(picture, [{ kept: START, added: 0, c: START, h: NaN }, ...steps]);
    const last = steps[STEPS - 1];
    says.textContent =
      `After ten steps c = ${shown(last.c)} and h = ${shown(last.h)}. Of the ${START} at the start, ` +
      `${START} · f¹⁰ = ${shown(START * f ** STEPS)} is left.`;
  });
  const key = (name: string, text: string) => element('span', { class: `play-key play-${name}` }, text);
  const keys = element(
    'p',
    { class: 'play-keys', 'aria-hidden': 'true' },
    key('kept', 'kept: f ⊙ c'),
    key('added', 'added: i ⊙ g'),
    key('sum', "c′, their sum"),
    key('out', "h′ = o ⊙ tanh(c′)")
  );
  return [picture, keys, says, node];
}

function draw(picture: SVGSVGElement, steps: { kept: number; added: number; c: number; h: number }[]): void {
  const values = steps.flatMap(step => [step.kept, step.c, step.h || 0]);
  const [low, high] = [Math.min(0, Math.floor(Math.min(...values))), Math.max(2, Math.ceil(Math.max(...values)))];
  const y = (value: number) => BOTTOM - ((value - low) / (high - low)) * (BOTTOM - TOP);
  const bar = (x: number, from: number, to: number, name: string) =>
    svg('rect', {
      x,
      y: Math.min(y(from), y(to)),
      width: COLUMN * 0.36,
      height: Math.abs(y(from) - y(to)),
      class: `play-${name}`
    });
  const parts: SVGElement[] = [];
  const apart = high - low > 8 ? 4 : high - low > 4 ? 2 : 1;
  for (let at = Math.ceil(low / apart) * apart; at <= high; at += apart) {
    parts.push(svg('line', { x1: LEFT, x2: WIDTH, y1: y(at), y2: y(at), class: at === 0 ? 'play-axis' : 'play-grid' }));
    parts.push(svg('text', { x: LEFT - 6, y: y(at) + 4, 'text-anchor': 'end' }, shown(at, 0)));
  }
  steps.forEach(({ kept, added, c, h }, t) => {
    const x = LEFT + COLUMN * t + COLUMN * 0.14;
    parts.push(bar(x, 0, kept, 'kept'));
    if (added) parts.push(bar(x + COLUMN * 0.36, kept, c, 'added'));
    parts.push(svg('line', { x1: x, x2: x + COLUMN * 0.72, y1: y(c), y2: y(c), class: 'play-sum' }));
    if (t) parts.push(svg('circle', { cx: x + COLUMN * 0.54, cy: y(h), r: 3.5, class: 'play-out' }));
    parts.push(svg('text', { x: x + COLUMN * 0.36, y: HEIGHT - 6, 'text-anchor': 'middle' }, `${t}`));
  });
  picture.replaceChildren(...parts);
}
