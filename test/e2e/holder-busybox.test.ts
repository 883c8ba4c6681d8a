import { describeHolder } from '../fakes/holder-suite.ts';

describeHolder('busybox');
