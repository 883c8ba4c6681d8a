/** What stands where a secret stood. */
export const MASK = '[masked]';

/** Secrets by their look, in texts that came from hosts: keys of providers, tokens, passwords in assignments and addresses. */
const LOOKS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:sk|pk|rk|ghp|gho|ghs|ghu|glpat|xox[abprs]|hf)[-_][A-Za-z0-9_-]{16,}/g,
  /\bAKIA[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g,
  /(?<=\b[Bb]earer )[A-Za-z0-9._~+/-]{12,}=*/g,
  /(?<=[a-z]:\/\/[^\s:@/]{1,100}:)[^\s@/]{1,200}(?=@)/g,
  /(?<=\b[A-Za-z0-9_]{0,40}(?:password|passwd|secret|api_?key|token)["']?\s?[=:]\s?["']?)[^\s"',;}\\]{4,200}/gi,
];

/** A text in which no known secret and nothing that looks like one is left. */
export function maskSecrets(text: string, known: Iterable<string>): string {
  let masked = text;
  for (const secret of known) if (secret.length >= 4) masked = masked.replaceAll(secret, MASK);
  for (const look of LOOKS) masked = masked.replaceAll(look, MASK);
  return masked;
}
