import { isRecord, listAt, valueAt } from "../../../schema/value.ts";
import type { FieldPath, ManifestDocument } from "../../../manifests/document.ts";
import { KINDS } from "../../../manifests/kinds/registry.ts";
import { kindOf } from "../../../manifests/resources.ts";
import { type UnsupportedField, withoutUnsupported } from "../../../manifests/unsupported.ts";
import { fullHost } from "../../hosts.ts";
import type { Destinations } from "../symbolic/destinations.ts";
import { canonical } from "./object-kinds.ts";

/** A field that the route table does not have. */
interface UnreadField {
  document: ManifestDocument;
  path: FieldPath;
  reason: string;
  /** The same for the same field with the same content in an object where it means the same. */
  key: string;
}

/** The documents of a side, and what destinations mean there. */
interface ReadSide {
  read: readonly ManifestDocument[];
  destinations: Destinations;
}

/**
 * The fields of two sides that are not read into their route tables and not the same on both, in sentences. What is
 * written alike may still meet something that differs beside it: so a field of a rule is the same only where the rules
 * of the object are, one of a Gateway where the Gateway is, and routes of TCP and TLS where their destinations mean the
 * same.
 */
export function unreadApart(a: ReadSide, b: ReadSide): string[] {
  const [ofA, ofB] = [a, b].map(({ read, destinations }) =>
    read.flatMap((document) => unreadFields(document, destinations)),
  ) as [UnreadField[], UnreadField[]];
  const onlyIn = (own: readonly UnreadField[], other: readonly UnreadField[]): UnreadField[] => {
    const keys = new Set(other.map(({ key }) => key));
    return own.filter(({ key }) => !keys.has(key));
  };
  return [...onlyIn(ofA, ofB), ...onlyIn(ofB, ofA)].map(told);
}

/**
 * The servers of Gateways that one side alone has, in sentences: without routes nothing else shows that a port is open.
 * Names of Gateways and servers do not matter, except where servers conflict.
 */
export function serversApart(a: readonly ManifestDocument[], b: readonly ManifestDocument[]): string[] {
  const [ofA, ofB] = [a, b].map((documents) => withConflicts(documents.flatMap(serversOf))) as [
    OwnServer[],
    OwnServer[],
  ];
  const onlyIn = (own: readonly OwnServer[], other: readonly OwnServer[]): OwnServer[] => {
    const keys = new Set(other.map(({ key }) => key));
    return own.filter(({ key }) => !keys.has(key));
  };
  return [...onlyIn(ofA, ofB), ...onlyIn(ofB, ofA)].map(({ document, path }) => {
    const { file, line } = document.at(path);
    return `${file}:${line}: this server of a Gateway is not the same on both sides`;
  });
}

interface OwnServer {
  document: ManifestDocument;
  path: FieldPath;
  key: string;
  /** The pods, port and address that it listens on. */
  socket: string;
  /** Servers of different kinds cannot share a socket. */
  kind: "http" | "tls" | "tcp";
  /** The hosts of a server with TLS settings, of which each can have one such server on a socket. */
  hostsOfTls: readonly string[];
}

/**
 * Adds the Gateway to the key of each server that conflicts with another: istiod skips the later of the two, by the
 * age of their Gateways. (istio 1.31, pilot/pkg/model/gateway.go, mergeGateways)
 */
function withConflicts(servers: readonly OwnServer[]): OwnServer[] {
  const bySocket = Map.groupBy(servers, ({ socket }) => socket);
  return servers.map((server) => {
    const conflicts = bySocket.get(server.socket)?.some((other) => {
      if (other === server) return false;
      return other.kind !== server.kind || other.hostsOfTls.some((host) => server.hostsOfTls.includes(host));
    });
    if (conflicts !== true) return server;
    const { value } = server.document;
    const gateway = ["namespace", "name"].map((field) => valueAt(value, ["metadata", field]));
    return { ...server, key: canonical([server.key, gateway, server.path]) };
  });
}

function serversOf(document: ManifestDocument): OwnServer[] {
  const { value } = document;
  if (kindOf(document) !== "gateways") return [];
  const servers = valueAt(value, ["spec", "servers"]);
  const selector = valueAt(value, ["spec", "selector"]) ?? {};
  if (!Array.isArray(servers)) return [];
  return servers.map((server: unknown, i) => {
    const port = valueAt(server, ["port"]);
    const { name: _, ...rest } = isRecord(server) ? server : {};
    const { name: __, ...open } = isRecord(port) ? port : {};
    // For which hosts a server for plain HTTP is open shows in the rules that hold there.
    const isPlain = open["protocol"] === "HTTP" && rest["tls"] === undefined;
    const all = Array.isArray(rest["hosts"]) ? rest["hosts"].map(String).sort() : [];
    return {
      document,
      path: ["spec", "servers", i],
      key: canonical([selector, { ...rest, hosts: isPlain ? undefined : all, port: open }]),
      socket: canonical([selector, open["number"], rest["bind"]]),
      kind: serverKind(String(open["protocol"]).toUpperCase()),
      hostsOfTls: rest["tls"] === undefined ? [] : all.map((host) => host.replace(/^\*\//, "").toLowerCase()),
    };
  });
}

function serverKind(protocol: string): OwnServer["kind"] {
  if (protocol === "HTTPS" || protocol === "TLS") return "tls";
  return /^(HTTP2?|GRPC(-WEB)?)$/.test(protocol) ? "http" : "tcp";
}

function unreadFields(document: ManifestDocument, destinations: Destinations): UnreadField[] {
  const name = kindOf(document);
  // What a DestinationRule says beside its subsets is compared where a request gets to its host.
  if (name === undefined || name === "destinationRules") return [];
  const { value } = document;
  const metadata = isRecord(value) && isRecord(value["metadata"]) ? value["metadata"] : {};
  const object = [name, metadata["namespace"] ?? "default", metadata["name"]];
  const { unsupported } = withoutUnsupported(KINDS[name].schema, document);
  const unread = name === "gateways" ? [...unsupported, ...tlsFields(document)] : unsupported;
  return unread
    .filter(({ path }) => !isRead(path))
    .map(({ path, reason }) => {
      const around = surroundings(name, path);
      const place = path.slice(around.length).join(".");
      const said = isOfConnections(name, path)
        ? [withoutHttp(value), meaningsIn(value, path, destinations)].map(canonical)
        : [valueAt(value, around), valueAt(value, path), valueAt(value, ["spec", "hosts"])].map(canonical);
      return { document, path, reason, key: JSON.stringify([...object, place, ...said]) };
    });
}

/** Whether a field has the routes of TCP or TLS connections, which hold beside those of requests. */
function isOfConnections(kind: string, path: FieldPath): boolean {
  return kind === "virtualServices" && path.length === 2 && (path[1] === "tcp" || path[1] === "tls");
}

function withoutHttp(value: unknown): unknown {
  const spec = valueAt(value, ["spec"]);
  return isRecord(spec) ? { ...spec, http: undefined } : spec;
}

/** What the destinations of the TCP or TLS routes of a VirtualService mean on one side. */
function meaningsIn(value: unknown, path: FieldPath, { meaningOf }: Destinations): unknown[] {
  const namespace = valueAt(value, ["metadata", "namespace"]) ?? "default";
  return listAt(value, path).flatMap((rule) =>
    listAt(rule, ["route"]).map((route) => {
      const [host, subset, port] = [["host"], ["subset"], ["port", "number"]].map((field) =>
        valueAt(route, ["destination", ...field]),
      );
      const { missing, place, unmodelled } = meaningOf({
        host: fullHost(String(host), String(namespace)),
        port: typeof port === "number" ? port : 0,
        isPortDefault: typeof port === "number" ? undefined : true,
        subset: typeof subset === "string" ? subset : undefined,
      });
      return [missing, place, unmodelled.map(({ about, text }) => [about, text])];
    }),
  );
}

/** How the servers of a Gateway speak TLS, which shows in no route. */
function tlsFields({ value }: ManifestDocument): UnsupportedField[] {
  const servers = valueAt(value, ["spec", "servers"]);
  if (!Array.isArray(servers)) return [];
  return servers.flatMap((server: unknown, i) =>
    isRecord(server) && server["tls"] !== undefined
      ? [{ path: ["spec", "servers", i, "tls"], reason: "how a server speaks TLS shows in no route" }]
      : [],
  );
}

/** Whether a field is decided although the local mesh does not act on it, or names statistics only. */
function isRead(path: FieldPath): boolean {
  const field = String(path.at(-1));
  return path.at(-3) === "match" ? READ_OF_A_MATCH.has(field) : path.length === 4 && field === "delegate";
}

const READ_OF_A_MATCH = new Set(["port", "scheme", "sourceLabels", "sourceNamespace", "statPrefix"]);

/** The part of an object that a field may act together with. */
function surroundings(kind: string, path: FieldPath): FieldPath {
  if (kind === "virtualServices") return path.slice(0, 2);
  if (kind === "gateways") return path.slice(0, 3);
  // The successive states of a Knative Service are revisions of their own.
  return kind === "knativeServices" ? ["spec", "template"] : ["spec"];
}

function told({ document, path, reason }: UnreadField): string {
  const { file, line } = document.atKey(path);
  const field = path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}${text === "" ? "" : "."}${key}`),
    "",
  );
  const isOfRequests = field !== "spec.tcp" && field !== "spec.tls";
  const why = isOfRequests
    ? `is not compared (${reason})`
    : "or what it leads to is not the same on both sides, and routes of connections are not modelled";
  return `${file}:${line}: ${field} ${why}`;
}
