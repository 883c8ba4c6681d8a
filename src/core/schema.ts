/** The one door to the schema library: every folder takes `z` from here, so the library stays replaceable. */
export { z } from 'zod';
