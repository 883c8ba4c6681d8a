import { describeHolder } from '../../test/fakes/holder-suite.ts';

describeHolder('dash');
