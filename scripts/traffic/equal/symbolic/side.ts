import type { SharedHosts } from "../../compile/host-claims.ts";
import type { RouteTable } from "../../table.ts";
import type { Destinations } from "./destinations.ts";

/** One side of a comparison, as its requests are followed. */
export interface Side {
  table: RouteTable;
  /** Hosts where the order of rules decides and is not defined. */
  shared: SharedHosts;
  /** The hosts that either side has rules or a backend for. */
  knownHosts: ReadonlySet<string>;
  /** The revisions that a Knative Service of either side names, as `namespace/name`. */
  revisions: ReadonlySet<string>;
  /** The header by which each revision tells its own name in its answers, if one does. */
  revisionHeader: string | undefined;
  destinations: Destinations;
}
