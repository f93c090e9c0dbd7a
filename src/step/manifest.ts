/** An `action.yml`, as far as a step needs it: the one place that states names, descriptions and defaults. */
export interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly inputs: Readonly<Record<string, ManifestInput>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
}

export interface ManifestInput {
  readonly description: string;
  readonly required?: boolean;
  readonly default?: string;
  readonly deprecationMessage?: string;
}

/** The name of an input or output in `action.yml` (`dry-run`) for its name in code (`dryRun`). */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
