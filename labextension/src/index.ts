// Each folder of src/ is one plugin.
import panel from './panel';
import play from './play';

export default [panel, play];
