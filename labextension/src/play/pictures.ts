// A drawing of the text that is called play_NAME.svg has a moving picture, which takes its place on a screen.
import { attention } from './attention';
import { memory } from './memory';
import { element } from './parts';
import { root } from './root';
import { temperature } from './temperature';

const MOVERS: Record<string, () => Node[]> = { attention, memory, root, temperature };
const NAME = /\/play_([a-z]+)\.svg(?:[?#]|$)/;

/** Put the moving pictures beside their drawings; those that are there stay as they are. */
export function animate(images: Iterable<HTMLImageElement>): void {
  for (const image of [...images]) {
    const make = MOVERS[NAME.exec(image.src)?.[1] ?? ''];
    if (!make || image.dataset.play) continue;
    image.dataset.play = 'yes';
    const still = image.closest('a') ?? image;
    const place = element('div', { class: 'play', role: 'group', 'aria-label': image.alt }, ...make());
    // JupyterLab would take arrow keys for its own, and a double click for the wish to edit the text.
    place.querySelectorAll('button, input').forEach(it => it.setAttribute('data-lm-suppress-shortcuts', 'true'));
    place.addEventListener('dblclick', event => event.stopPropagation());
    still.classList.add('play-still');
    still.after(place);
  }
}
