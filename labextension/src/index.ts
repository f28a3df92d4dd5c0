// Each folder of src/ is one plugin.
import panel from './panel';
import play from './play';
import quiz from './quiz';

export default [panel, play, quiz];
