import { tryCommand } from '../../lab/command.ts';
import type { ShopImage } from '../../lab/shop.ts';

/** What the demo runs on. */
export interface Scene {
  /** What it is, for the table at the end. */
  readonly about: string;
  /** A superuser of the database server. */
  readonly superuserUrl: string;
  /** The half with a server; without it, the demo ends with the database. */
  readonly site?: Site;
  /** Ends everything that the scene has started. */
  close(): Promise<void>;
}

/** A server that runs Docker behind SSH, and what it takes to bring an image there. */
export interface Site {
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly privateKey: string;
    readonly fingerprint: string;
  };
  readonly registry: { readonly address: string; readonly username?: string; readonly password?: string };
  /** Builds and pushes the shop. */
  build(release: string): Promise<ShopImage>;
  /** The database's URL as containers on the server have it. */
  urlInside(databaseUrl: string): string;
  readonly extraHosts: string;
  /** As `docker run --publish` has it, and where that answers. */
  readonly publish: string;
  readonly web: { readonly host: string; readonly port: number };
}

/** Removes the containers that the demo has deployed, whatever release they are of. */
export async function removeShop(docker: string, env: NodeJS.ProcessEnv): Promise<void> {
  const labels = ['--filter', 'label=tenantry.app=shop', '--filter', 'label=tenantry.environment=demo'];
  const { stdout } = await tryCommand([docker, 'ps', '--all', '--quiet', ...labels], { env });
  const ids = stdout.split('\n').filter((id) => id !== '');
  if (ids.length > 0) await tryCommand([docker, 'rm', '--force', '--volumes', ...ids], { env });
}
