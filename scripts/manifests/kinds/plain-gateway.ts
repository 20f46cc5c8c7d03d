import Type from "typebox";
import { Check } from "typebox/schema";
import type { FieldPath } from "../document.ts";
import type { Adapted } from "./kind-entry.ts";

/** A server as far as it decides how the local mesh serves it. The rest is left to the schema of a Gateway. */
const Server = Type.Object({
  port: Type.Object({ number: Type.Integer(), protocol: Type.String() }),
  tls: Type.Optional(Type.Object({ mode: Type.Optional(Type.String()) })),
});
type Server = Type.Static<typeof Server>;
const Spec = Type.Object({
  spec: Type.Object({
    selector: Type.Record(Type.String(), Type.String()),
    servers: Type.Array(Type.Unknown()),
  }),
});

/**
 * A Gateway as the local mesh can serve it: by its one gateway, in plain HTTP on its one port. Servers whose requests no
 * HTTP route sees, such as those for TCP, are left out, unless no server would be left.
 */
export function plainGateway(value: unknown): Adapted | undefined {
  if (!Check(Spec, value)) return undefined;
  const servers = value.spec.servers.map((server, i) => ({ i, ...servedInPlain(server) }));
  const served = servers.filter(({ server }) => server !== undefined);
  if (served.length === 0) return undefined;
  const selector = { istio: "ingressgateway" };
  const differences: Adapted["differences"] = [];
  if (value.spec.selector["istio"] !== selector.istio) {
    const message = "the local mesh has one gateway, which serves this Gateway too";
    differences.push({ path: ["spec", "selector"], message });
  }
  for (const { i, difference } of servers)
    if (difference !== undefined)
      differences.push({ path: ["spec", "servers", i, "port"], message: difference });
  const spec = { ...value.spec, selector, servers: served.map(({ server }) => server) };
  return { value: { ...value, spec }, differences, pathInFile };

  /** The servers that are left out have numbers in the file too. */
  function pathInFile(path: FieldPath): FieldPath {
    const [spec, list, i, ...rest] = path;
    if (spec !== "spec" || list !== "servers" || typeof i !== "number") return path;
    return [spec, list, served[i]?.i ?? i, ...rest];
  }
}

/** A server as the local mesh serves it, undefined where it does not, and how that differs from what is written. */
function servedInPlain(server: unknown): { server: unknown; difference?: string } {
  if (!Check(Server, server)) return { server };
  const { number, protocol } = server.port;
  if (!isHttp(server)) {
    const difference = `the local mesh does not serve ${protocol}, and leaves this server out`;
    return { server: undefined, difference };
  }
  if (protocol === "HTTP" && number === 80) return { server };
  const { tls: _, ...plain } = server;
  return {
    server: { ...plain, port: { ...plain.port, number: 80, protocol: "HTTP" } },
    difference: `the local mesh serves this server in plain HTTP on its own port, not ${protocol} on ${number}`,
  };
}

/** Whether the gateway sees the requests of a server: not where TLS or TCP passes through. */
function isHttp({ port, tls }: Server): boolean {
  if (/^https$/i.test(port.protocol)) return tls?.mode?.includes("PASSTHROUGH") !== true;
  return /^(http|http2|grpc|grpc-web)$/i.test(port.protocol);
}
