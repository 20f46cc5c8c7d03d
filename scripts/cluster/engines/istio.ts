import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import type { Kube } from "../kube/client.ts";
import { Unable } from "../unable.ts";
import type { Shares, SplitEngine } from "./engine.ts";

const Route = Type.Object({
  weight: Type.Optional(Type.Integer()),
  destination: Type.Object({ host: Type.String() }),
  headers: Type.Optional(
    Type.Object({
      request: Type.Optional(Type.Object({ set: Type.Optional(Type.Record(Type.String(), Type.String())) })),
    }),
  ),
});
type Route = Static<typeof Route>;

const SplitVirtualService = Type.Object({
  spec: Type.Object({
    http: Type.Array(
      Type.Object({
        match: Type.Optional(Type.Array(Type.Unknown())),
        route: Type.Optional(Type.Array(Route)),
      }),
    ),
  }),
});

/**
 * The split by the weights of a VirtualService: those of its rule without a match. A destination is a revision of the
 * service, or the host of one of its tags.
 */
export function istioEngine(
  kube: Kube,
  namespace: string,
  virtualService: string,
  service: string,
  fieldManager: string,
): SplitEngine {
  const ref = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    namespace,
    name: virtualService,
  };
  async function live() {
    const object = await kube.get(ref);
    if (object === undefined || !Check(SplitVirtualService, object)) {
      throw new Unable(
        `There is no VirtualService ${namespace}/${virtualService} with a split: run ./kyc deploy.`,
      );
    }
    const index = object.spec.http.findIndex(
      ({ match, route }) => match === undefined && (route?.length ?? 0) > 1,
    );
    const routes = object.spec.http[index]?.route;
    if (routes === undefined) {
      throw new Unable(
        `VirtualService ${virtualService} has no weights: Istio decides the split with istio/split/by-istio.`,
      );
    }
    return { object, index, routes };
  }
  return {
    name: "istio",
    async read() {
      const { routes } = await live();
      const sum = routes.reduce((all, { weight = 0 }) => all + weight, 0);
      return Object.fromEntries(
        routes.map((route) => [tagOf(route, service), (100 * (route.weight ?? 0)) / sum]),
      );
    },
    async write(shares) {
      const { object, index, routes } = await live();
      checkTags(shares, routes, service, virtualService);
      const route = routes.map((to) => ({ ...to, weight: shares[tagOf(to, service)] ?? 0 }));
      const http = object.spec.http.map((rule, i) => (i === index ? { ...rule, route } : rule));
      await kube.replace({ ...object, spec: { ...object.spec, http } }, { fieldManager });
    },
  };
}

function checkTags(shares: Shares, routes: readonly Route[], service: string, virtualService: string): void {
  const known = routes.map((route) => tagOf(route, service));
  const missing = Object.keys(shares).filter((tag) => !known.includes(tag));
  if (missing.length > 0) throw new Unable(`${virtualService} has no destination for ${missing.join(", ")}`);
}

/** The tag that a destination stands for: `basic` for `credit-check-basic.…` and for Host `basic-credit-check.…`. */
function tagOf({ destination, headers }: Route, service: string): string {
  const host = headers?.request?.set?.["Host"] ?? destination.host;
  const [name = ""] = host.split(".");
  if (name.startsWith(`${service}-`)) return name.slice(service.length + 1);
  return name.endsWith(`-${service}`) ? name.slice(0, -service.length - 1) : name;
}
