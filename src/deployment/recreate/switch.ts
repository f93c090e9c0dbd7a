import type { ContainerSpec } from '../../docker/container-spec.ts';
import type { Docker } from '../../docker/docker.ts';
import type { Container } from '../../docker/inspect.ts';
import type { Log } from '../../ground/log.ts';
import type { ContainerNames } from '../releases/release.ts';

/** What a mechanism works with on one server. */
export interface Scene {
  readonly docker: Docker;
  /** The same Docker, for what must be brought to its end although the step was cancelled. */
  readonly dockerToTheEnd: Docker;
  readonly names: ContainerNames;
  /** The next container; its name is `names.next`. */
  readonly spec: ContainerSpec;
  /** The restart policy that it gets once it is proven. */
  readonly restart: string;
  readonly current: Container | undefined;
  /** Milliseconds that the current one has to end by itself. */
  readonly stopTimeout: number;
  /** Waits until a container serves; throws the sentence that says why it does not. */
  prove(name: string): Promise<unknown>;
  /** Told what is true of the server from now on. */
  standing(state: Standing): void;
  readonly log: Log;
}

/** Who serves while a deployment is under way. */
export type Standing = 'untouched' | 'stopped' | 'committing' | 'done';

/**
 * A way to put the next container into the place of the current one. When it throws, whatever it left is put back
 * by `putBack`, which reads from the world how far it came: so a mechanism needs no undoing of its own, and a
 * killed run is put back by the next one in the same way.
 */
export interface Switch {
  readonly name: string;
  /** @returns milliseconds in which nothing served. */
  replace(scene: Scene): Promise<number>;
}
