import { z } from '../../core/schema.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const line = z.string().min(1).max(200);

/** What a bundle says of itself: `manifest.json` in it. */
export const bundleManifestSchema = z.object({
  format: z.literal(1),
  engine: z.literal('llama.cpp'),
  /** Of the engine's package. */
  version: line,
  /** As `uname -m` says it. */
  architecture: line,
  /** Which processors have code of their own. */
  processors: z.array(line).max(50).readonly(),
  /** The program whose path to its loader is written where it is installed; null: it is started through the loader. */
  relocation: z
    .object({ file: line, offset: z.number().int().positive(), length: z.number().int().positive() })
    .nullable(),
  /** Bytes when unpacked. */
  bytes: z.number().int().positive(),
  /** Where each part comes from; the texts of the licences are in `licenses/`. */
  packages: z
    .array(z.object({ name: line, version: line, sha256, licences: z.array(line).max(50).readonly() }))
    .max(100)
    .readonly(),
});
export type BundleManifest = z.infer<typeof bundleManifestSchema>;

/** A bundle as a file here. */
export interface Bundle {
  readonly path: string;
  readonly sha256: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly manifest: BundleManifest;
}

/** What a release on a host is named by: equal bundles are one release. */
export function releaseOf(bundle: Pick<Bundle, 'sha256'>): string {
  return bundle.sha256.slice(0, 16);
}
