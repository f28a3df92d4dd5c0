// Each folder of src/ is one plugin.
import panel from './panel';
import quiz from './quiz';

export default [panel, quiz];
