// 5.4: word by word, where a trained translator looks, and the context as a weighted sum.
import { GLOSS, SOURCE, TARGET, WEIGHTS } from './numbers';
import { button, canvas, controls, element, sentence, shown, svg } from './parts';

const [WIDTH, HEIGHT] = [420, 176];
const DOWN = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];
const PAUSE = 1400; // milliseconds a word

export function attention(): Node[] {
  const picture = canvas(WIDTH, HEIGHT);
  const formula = element('p', { class: 'play-formula' });
  const says = sentence();
  let now = 1;
  const step = {
    letter: 't',
    what: 'word',
    min: 1,
    max: TARGET.length,
    step: 1,
    start: 1,
    text: (value: number) => `${value}: ${TARGET[value - 1]}`
  };
  const { node, buttons, set } = controls([step], t => {
    now = t;
    draw(picture, t);
    const alpha = WEIGHTS[t - 1];
    const terms = alpha.map((weight, j) => [weight, `${shown(weight)} v${DOWN[j + 1]}`] as const);
    const seen = terms.filter(([weight]) => weight >= 0.005).map(([, term]) => term);
    formula.textContent = `c${DOWN[t]} = Σ α v = ${seen.join(' + ')}`;
    const most = alpha.indexOf(Math.max(...alpha));
    says.textContent = `For ${TARGET[t - 1]} (${GLOSS[t - 1]}) it looks most at ${SOURCE[most]}: ${shown(alpha[most])}.`;
    back.disabled = t === 1;
    next.disabled = t === TARGET.length;
  });

  let timer = 0;
  const stop = () => {
    window.clearInterval(timer);
    timer = 0;
    play.textContent = 'Play';
  };
  const go = (by: number) => {
    stop();
    set(0, now + by);
  };
  const back = button('Back', () => go(-1));
  const next = button('Next', () => go(1));
  const play = button('Play', () => {
    if (timer) return stop();
    play.textContent = 'Stop';
    set(0, now === TARGET.length ? 1 : now);
    timer = window.setInterval(() => {
      if (picture.isConnected && now < TARGET.length) set(0, now + 1);
      if (!picture.isConnected || now === TARGET.length) stop();
    }, PAUSE);
  });
  play.className = 'play-run';
  node.addEventListener('input', stop);
  buttons.lastChild!.addEventListener('click', stop);
  buttons.prepend(back, next, play);
  return [picture, formula, says, node];
}

function draw(picture: SVGSVGElement, t: number): void {
  const parts: SVGElement[] = [];
  const source = (j: number) => (WIDTH * (j + 0.5)) / SOURCE.length;
  const target = (k: number) => (WIDTH * (k + 0.5)) / TARGET.length;
  WEIGHTS[t - 1].forEach((weight, j) => {
    const ends = { x1: source(j), x2: target(t - 1), y1: 50, y2: 130 };
    if (weight >= 0.005) parts.push(svg('line', { ...ends, 'stroke-width': 1 + 11 * weight, class: 'play-link' }));
    parts.push(svg('text', { x: source(j), y: 16, 'text-anchor': 'middle', class: 'play-faint' }, shown(weight)));
    const name = weight >= 0.1 ? 'play-strong' : '';
    parts.push(svg('text', { x: source(j), y: 40, 'text-anchor': 'middle', class: name }, SOURCE[j]));
  });
  TARGET.slice(0, t).forEach((word, k) => {
    const name = k === t - 1 ? 'play-strong' : 'play-faint';
    parts.push(svg('text', { x: target(k), y: 150, 'text-anchor': 'middle', class: name }, word));
    parts.push(svg('text', { x: target(k), y: 169, 'text-anchor': 'middle', class: 'play-faint' }, GLOSS[k]));
  });
  picture.replaceChildren(...parts);
}
