import { control } from '../../../lab/lab.ts';
import type { DeployRequest } from '../../../src/deployment/request/request.ts';
import { otherSlot } from '../../../src/deployment/server/slots.ts';
import { Site } from './site.ts';
import type { TestImage } from './test-images.ts';

export type ProxyName = 'nginx' | 'caddy';

/** A host of the lab with a proxy of its own in front of the application's port. `port` is the proxy's. */
export class ProxySite extends Site {
  proxy: ProxyName = 'nginx';
  appPort = 0;

  static async upBehind(
    proxy: ProxyName,
    where: 'host1' | 'host2',
    name: string,
    { port, appPort, images }: { port: number; appPort: number; images: readonly TestImage[] },
  ): Promise<ProxySite> {
    const site = (await ProxySite.up(where, name, port, images)) as ProxySite;
    site.proxy = proxy;
    site.appPort = appPort;
    return site;
  }

  override request(tag: string, changes: Partial<DeployRequest> = {}): DeployRequest {
    return super.request(tag, {
      strategy: this.proxy,
      ports: [{ address: '127.0.0.1', hostPort: this.appPort, containerPort: 8000, protocol: 'tcp' }],
      ...changes,
    });
  }

  /** The site's file, as a person would have written it, or with something else in it. */
  async serve(site = this.proxy === 'nginx' ? this.nginxSite() : this.caddyFile()): Promise<void> {
    const file = this.siteFile;
    await control(this.host.name).run(['sh', '-c', 'cat >"$0"', file], { stdin: site });
    await this.onServer(
      this.proxy === 'nginx'
        ? 'if pgrep -f "^nginx: master" >/dev/null; then nginx -s reload; else nginx; fi'
        : `if pgrep -x caddy >/dev/null; then caddy reload --config ${file}; else ${this.start}; fi 2>&1`,
    );
    await this.onServer(`printf '%s\\n' '${this.start}' >/etc/rc.local`);
  }

  /** As the service of the proxy starts it. */
  get start(): string {
    return this.proxy === 'nginx'
      ? 'nginx'
      : `setsid caddy run --config ${this.siteFile} >/lab/log/caddy.log 2>&1 </dev/null & sleep 1`;
  }

  get siteFile(): string {
    return this.proxy === 'nginx' ? `/etc/nginx/sites-enabled/${this.name}` : '/etc/caddy/Caddyfile';
  }

  nginxSite(pass = `proxy_pass http://127.0.0.1:${this.appPort};`, more = ''): string {
    return `# the shop
server {
    listen ${this.port};
    listen [::]:${this.port};
    server_name _;
    location / {
        include proxy_params;
        ${pass}
    }
}
${more}`;
  }

  caddyFile(): string {
    return `:${this.port} {
\treverse_proxy 127.0.0.1:${this.appPort}
}
`;
  }

  /** One that asks the application for which names it may get certificates. */
  askingCaddyFile(): string {
    return `{
\tlocal_certs
\tskip_install_trust
\tauto_https disable_redirects
\thttps_port ${this.port + 1}
\ton_demand_tls {
\t\task http://127.0.0.1:${this.appPort}/
\t}
}

:${this.port} {
\treverse_proxy 127.0.0.1:${this.appPort}
}

https:// {
\ttls {
\t\ton_demand
\t}
\treverse_proxy localhost:${this.appPort}
}
`;
  }

  /** The loopback ports on which something of the application answers. */
  async slots(): Promise<number[]> {
    const both = [this.appPort, otherSlot(this.appPort) ?? 0];
    const said = await Promise.all(
      both.map((port) =>
        this.onServer(`curl -s -o /dev/null --max-time 5 http://127.0.0.1:${port}/ && echo yes || echo no`),
      ),
    );
    return both.filter((_, index) => said[index]?.trim() === 'yes');
  }

  override get strategy(): ProxyName {
    return this.proxy;
  }

  override get published(): string {
    return `127.0.0.1:${this.appPort}:8000`;
  }

  /** @throws Error when the proxy has nobody to ask */
  override async answer(): Promise<string> {
    const headers = { connection: 'close' };
    const answer = await fetch(this.url, { headers });
    if (answer.status >= 500) throw new Error(`${this.proxy} answers ${answer.status}`);
    return (await answer.text()).trim();
  }

  /** The proxy runs, with the site as on the first day, and nothing stands behind it. */
  override async clear(): Promise<void> {
    await super.clear();
    if (this.proxy === 'caddy') await this.onServer('rm -rf /etc/caddy/tenantry /var/lib/tenantry');
    // All of nginx's sites: one that a killed test left would keep it from starting.
    if (this.proxy === 'nginx') {
      await this.onServer(
        'rm -rf /etc/nginx/tenantry /var/lib/tenantry /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/*',
      );
    }
    await this.serve();
  }

  /** The proxy is gone, too. */
  async takeDown(): Promise<void> {
    await this.clear();
    await this.onServer(`
      rm -rf /etc/*/tenantry/${this.name} /etc/nginx/conf.d/tenantry-${this.name}.conf
      rm -f ${this.siteFile} /etc/rc.local`);
    if (this.proxy === 'caddy')
      await this.onServer('pkill -x caddy; while pgrep -x caddy >/dev/null; do sleep 0.1; done');
    else
      await this.onServer('nginx -s quit 2>/dev/null; while pgrep -x nginx >/dev/null; do sleep 0.1; done');
  }
}
