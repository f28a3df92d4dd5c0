// The moving pictures on the web site, as one script: static/play.js.
import { HEATMAPS, tell } from './heatmap';
import { animate } from './pictures';

export * from './numbers';

if (typeof document !== 'undefined') {
  animate(document.images);
  for (const data of document.querySelectorAll(`script[type="${HEATMAPS}"]`)) {
    const picture = data.closest('.output')?.previousElementSibling; // it may be in a link that opens it in full
    const image = picture instanceof HTMLImageElement ? picture : picture?.querySelector('img');
    if (image) tell(image, JSON.parse(data.textContent!));
  }
}
