import type { MeshState } from "../../schema.ts";
import { changeOf } from "../faults.ts";
import { foundText, headText, pageView } from "../view.ts";
import { Chooser } from "./choose.ts";
import { patch } from "./dom.ts";
import { isMeshState } from "./state-check.ts";

const EVERY_MS = 1_000;
const AGAIN_MS = 2_000;
const PATIENCE_MS = 5_000;

const view = element("view");
const status = element("status");
const told = element("told");
const found = element("found");

let timer: ReturnType<typeof setTimeout> | undefined;
let asking = false;
let lastSeen: Date | undefined;
let last: MeshState | undefined;

const form = element("choice");
if (!(form instanceof HTMLFormElement)) throw new Error("#choice is no form");
const chooser = new Chooser(form, view, (isRange) => {
  if (last !== undefined) draw(last);
  if (isRange) void refresh();
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void refresh();
});
document.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target instanceof HTMLFormElement && event.target !== form)
    void change(event.target, event.submitter);
});
void refresh();

/** Fetches and shows the state, and schedules the next fetch. A hidden page fetches nothing. */
async function refresh(): Promise<void> {
  clearTimeout(timer);
  if (document.hidden || asking) return;
  asking = true;
  let next = EVERY_MS;
  const { seconds } = chooser;
  try {
    const response = await fetch(`/_mesh/state?seconds=${seconds}`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!response.ok) throw new Error(`it answers ${response.status}`);
    const state: unknown = await response.json();
    if (!isMeshState(state)) throw new Error("its version has changed: reload this page");
    show(state);
  } catch (error) {
    next = AGAIN_MS;
    showGone(error);
  } finally {
    asking = false;
    // Another time range was selected in the meantime.
    timer = setTimeout(refresh, chooser.seconds === seconds ? next : 0);
  }
}

function show(state: MeshState): void {
  lastSeen = new Date();
  last = state;
  draw(state);
  setText(status, headText(state));
  document.body.classList.remove("gone");
}

function draw(state: MeshState): void {
  const { choice } = chooser;
  patch(view, pageView(state, choice));
  setText(found, foundText(state, choice));
}

function showGone(error: unknown): void {
  const seen = lastSeen === undefined ? "" : `, last seen at ${lastSeen.toLocaleTimeString("en-GB")}`;
  const why = error instanceof Error && error.name === "Error" ? `: ${error.message}` : "";
  setText(
    status,
    `The mesh is not running${seen}${why}. Start it with ./kyc dev; this page reconnects automatically.`,
  );
  document.body.classList.add("gone");
}

async function change(form: HTMLFormElement, button: HTMLElement | null): Promise<void> {
  const isOn = button instanceof HTMLButtonElement && button.value === "on";
  const field = (name: string): number => Number(new FormData(form).get(name) ?? 0);
  const fields = { error: field("error"), status: field("status"), delay: field("delay") };
  const { service, revision } = form.dataset;
  const body = changeOf(isOn ? fields : undefined, { service, revision });
  try {
    const response = await fetch("/_mesh/faults", {
      method: "POST",
      headers: { "content-type": "application/json", "x-kyc-mesh": "1" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.ok) setText(told, isOn ? `The fault of ${revision} is on.` : `The fault is off.`);
    else setText(told, `Nothing changed: ${titleOf(await response.json())}`);
  } catch {
    setText(told, "Nothing changed: the mesh does not answer.");
  }
  await refresh();
}

function titleOf(problem: unknown): string {
  const isProblem = typeof problem === "object" && problem !== null && "title" in problem;
  return isProblem ? String(problem.title) : "no reason was given";
}

function setText(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text;
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}
