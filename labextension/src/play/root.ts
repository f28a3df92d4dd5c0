// 7.3: the same queries and keys, with more and more numbers each; the softmax without and with the division by √d.
import { SCORES, SIZES, softmax } from './numbers';
import { Bars, controls, element, sentence, shown } from './parts';

export function root(): Node[] {
  const keys = SCORES[0][0].map((_, j) => `key ${j + 1}`);
  const plain = new Bars(keys, 'softmax(q · k)');
  const divided = new Bars(keys, 'softmax(q · k / √d)');
  const says = sentence();
  const size = {
    letter: 'd',
    what: 'size of q and k',
    min: 0,
    max: SIZES.length - 1,
    step: 1,
    start: 6,
    text: (value: number) => `${SIZES[value]}`
  };
  const draw = { letter: 'seed', what: 'of the draw', min: 0, max: SCORES.length - 1, step: 1, start: 2, text: String };
  const { node } = controls([size, draw], (value, seed) => {
    const [d, scores] = [SIZES[value], SCORES[seed][value]];
    const [without, withRoot] = [softmax(scores), softmax(scores, Math.sqrt(d))];
    plain.show(without);
    divided.show(withRoot);
    says.textContent =
      `d = ${d}: scores from ${shown(Math.min(...scores), 1)} to ${shown(Math.max(...scores), 1)}. The largest weight is ` +
      `${shown(Math.max(...without))} without, ${shown(Math.max(...withRoot))} with the division.`;
  });
  return [element('div', { class: 'play-beside' }, plain.node, divided.node), says, node];
}
