#!/usr/bin/env node
import { keepCompiledCode } from './daemon/compiled-code.ts';

/** The process. Everything else is loaded after it is known where compiled code is kept. */
keepCompiledCode(process.env);
void import('./program.ts');
