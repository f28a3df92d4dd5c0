// Each folder of src/ is one plugin.
import panel from './panel';

export default [panel];
