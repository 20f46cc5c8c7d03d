import type { SharedHosts } from "../../compile/host-claims.ts";
import type { RouteTable } from "../../table.ts";
import type { Destinations } from "./destinations.ts";

/** One side of a comparison, as its requests are followed. */
export interface Side {
  table: RouteTable;
  /** Hosts for which the order of rules matters and is undefined. */
  shared: SharedHosts;
  /** The hosts that either side has rules or a backend for. */
  knownHosts: ReadonlySet<string>;
  /** The revisions that a Knative Service of either side names, as `namespace/name`. */
  revisions: ReadonlySet<string>;
  /** The response header in which each revision sends its own name, if any. */
  revisionHeader: string | undefined;
  destinations: Destinations;
}
