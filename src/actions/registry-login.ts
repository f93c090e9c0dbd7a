import type { ImageReference } from '../docker/image.ts';
import type { RegistryLogin } from '../docker/registry.ts';
import type { Inputs } from '../step/action.ts';
import type { registryFields } from './fields.ts';

/** How to log in to pull an image. The registry is the one in the image's name, where it is not given. */
export function registryLoginOf(
  inputs: Partial<Inputs<typeof registryFields>> & { readonly image?: ImageReference | undefined },
): RegistryLogin | undefined {
  const { registryUsername: username, registryPassword: password } = inputs;
  if (username === undefined || password === undefined) return undefined;
  return { registry: inputs.registry ?? inputs.image?.registry ?? '', username, password };
}
