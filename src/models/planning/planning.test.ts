import { planningConformance } from '../../../test/models/planning-conformance.ts';
import { PROVIDERS } from './planning-server.ts';

for (const provider of PROVIDERS) planningConformance(provider);
