/** Whether whoever asks is a model's program, by the name it goes by: `mcp:NAME`. */
export function isProgram(who: string | undefined): boolean {
  return who?.startsWith('mcp:') === true;
}
