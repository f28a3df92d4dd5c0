// The moving pictures on the web site, as one script: static/play.js.
import { animate } from './pictures';

export * from './numbers';

if (typeof document !== 'undefined') animate(document.images);
