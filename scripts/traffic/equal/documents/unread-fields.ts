import { isRecord, listAt, valueAt } from "../../../schema/value.ts";
import type { FieldPath, ManifestDocument } from "../../../manifests/document.ts";
import { KINDS } from "../../../manifests/kinds/registry.ts";
import { kindOf } from "../../../manifests/resources.ts";
import { type UnsupportedField, withoutUnsupported } from "../../../manifests/unsupported.ts";
import { fullHost } from "../../hosts.ts";
import type { Destinations } from "../symbolic/destinations.ts";
import { canonical } from "./object-kinds.ts";
import { oneSided } from "./one-sided.ts";

/** A field that the route table does not have. */
interface UnreadField {
  document: ManifestDocument;
  path: FieldPath;
  reason: string;
  /** Equal for the same field with the same content in an object where it has the same meaning. */
  key: string;
}

/** The documents of a side, and the meaning of its destinations. */
interface ReadSide {
  read: readonly ManifestDocument[];
  destinations: Destinations;
}

/**
 * Returns a sentence for each field that is not compiled into the tables and differs between the sides. The same text can
 * have another effect in another context, so a field of a rule is the same only if all rules of the object are, a field
 * of a Gateway only if the whole Gateway is, and a route of TCP or TLS only if its destinations mean the same.
 */
export function unreadApart(a: ReadSide, b: ReadSide): string[] {
  const [ofA, ofB] = [a, b].map(({ read, destinations }) =>
    read.flatMap((document) => unreadFields(document, destinations)),
  ) as [UnreadField[], UnreadField[]];
  return oneSided(ofA, ofB, ({ key }) => key).map(told);
}

/**
 * Returns a sentence for each server of a Gateway that only one side has: without routes nothing else shows that a
 * port is open. Names of Gateways and servers do not matter unless servers conflict.
 */
export function serversApart(a: readonly ManifestDocument[], b: readonly ManifestDocument[]): string[] {
  const [ofA, ofB] = [a, b].map((documents) => withConflicts(documents.flatMap(serversOf))) as [
    OwnServer[],
    OwnServer[],
  ];
  return oneSided(ofA, ofB, ({ key }) => key).map(({ document, path }) => {
    const { file, line } = document.at(path);
    return `${file}:${line}: this server of a Gateway is not the same on both sides`;
  });
}

interface OwnServer {
  document: ManifestDocument;
  path: FieldPath;
  key: string;
  /** The pods, port and address of the listener. */
  socket: string;
  /** Servers of different kinds cannot share a socket. */
  kind: "http" | "tls" | "tcp";
  /** The hosts of a server with TLS settings. A host can have only one such server on a socket. */
  hostsOfTls: readonly string[];
}

/**
 * Adds the Gateway to the key of each server that conflicts with another: istiod skips the server of the younger
 * Gateway. (istio 1.31, pilot/pkg/model/gateway.go, mergeGateways)
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
    // The hosts of a plain HTTP server show in the rules that hold there.
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
  // The other fields of a DestinationRule are compared where a request reaches its host.
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

/** Whether a field has the routes of TCP or TLS connections, which apply beside those of requests. */
function isOfConnections(kind: string, path: FieldPath): boolean {
  return kind === "virtualServices" && path.length === 2 && (path[1] === "tcp" || path[1] === "tls");
}

function withoutHttp(value: unknown): unknown {
  const spec = valueAt(value, ["spec"]);
  return isRecord(spec) ? { ...spec, http: undefined } : spec;
}

/** Returns the meaning of the destinations of a VirtualService's TCP or TLS routes on one side. */
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

/** Returns the TLS settings of a Gateway's servers, which no route shows. */
function tlsFields({ value }: ManifestDocument): UnsupportedField[] {
  const servers = valueAt(value, ["spec", "servers"]);
  if (!Array.isArray(servers)) return [];
  return servers.flatMap((server: unknown, i) =>
    isRecord(server) && server["tls"] !== undefined
      ? [{ path: ["spec", "servers", i, "tls"], reason: "how a server speaks TLS shows in no route" }]
      : [],
  );
}

/**
 * Reports whether the comparison covers a field that the local mesh does not implement, or the field only names
 * statistics.
 */
function isRead(path: FieldPath): boolean {
  const field = String(path.at(-1));
  return path.at(-3) === "match" ? READ_OF_A_MATCH.has(field) : path.length === 4 && field === "delegate";
}

const READ_OF_A_MATCH = new Set(["port", "scheme", "sourceLabels", "sourceNamespace", "statPrefix"]);

/** Returns the path of the part of an object that a field may interact with. */
function surroundings(kind: string, path: FieldPath): FieldPath {
  if (kind === "virtualServices") return path.slice(0, 2);
  if (kind === "gateways") return path.slice(0, 3);
  // The successive states of a Knative Service are separate revisions.
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
    : "or its destinations differ between the sides, and routes of connections are not modelled";
  return `${file}:${line}: ${field} ${why}`;
}
