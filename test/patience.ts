import { setDefaultTimeout } from "bun:test";

// A test that starts processes takes many times as long on a busy machine; the limit is for what never ends.
setDefaultTimeout(60_000);
