// 1.7: p = softmax(z / τ). The letters stay, their shares change.
import { LETTERS, LOGITS, softmax } from './numbers';
import { Bars, controls, sentence, shown } from './parts';

export function temperature(): Node[] {
  const bars = new Bars(LETTERS.map((letter, v) => `${letter}  z = ${shown(LOGITS[v], 1)}`));
  const says = sentence();
  const tau = {
    letter: 'τ',
    what: 'temperature',
    min: 0,
    max: 3,
    step: 0.05,
    start: 1,
    text: (value: number) => shown(value)
  };
  const { node } = controls([tau], value => {
    const p = softmax(LOGITS, value);
    bars.show(p);
    says.textContent =
      value === 0
        ? `τ = 0: always ${LETTERS[0]}, the letter with the largest logit.`
        : `τ = ${shown(value)}: of 100 letters ${Math.round(100 * p[0])} are ${LETTERS[0]}, ` +
          `${Math.round(100 * p[5])} are ${LETTERS[5]}.`;
  });
  return [bars.node, says, node];
}
