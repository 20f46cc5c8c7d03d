/** Parts of prom-client. Loading the whole package takes ten times as long. */
declare module "prom-client/lib/registry.js" {
  import { Registry } from "prom-client";
  export default Registry;
}
declare module "prom-client/lib/metrics/*" {
  import type { Registry } from "prom-client";
  const register: (registry: Registry) => void;
  export default register;
}

/** Files of swagger-ui-dist, imported as files: the default export is the path. */
declare module "swagger-ui-dist/*" {
  const path: string;
  export default path;
}
