import { type Choice, EVERYTHING, type Show } from "../choice.ts";

/** The form above the page. The user's choice is kept in the address, so that a reload or a link shows the same. */
export class Chooser {
  readonly #form: HTMLFormElement;
  readonly #view: HTMLElement;
  readonly #onChange: (isRange: boolean) => void;
  readonly #open = new Set<string>();
  #limit = EVERYTHING.limit;

  /** @param onChange called after the choice changes, with whether it needs other figures from the mesh */
  constructor(form: HTMLFormElement, view: HTMLElement, onChange: (isRange: boolean) => void) {
    this.#form = form;
    this.#view = view;
    this.#onChange = onChange;
    this.#readAddress();
    form.addEventListener("input", (event) => {
      this.#limit = EVERYTHING.limit;
      this.#writeAddress();
      onChange(event.target instanceof HTMLInputElement && event.target.type === "radio");
    });
    form.addEventListener("submit", () => this.#openFirst());
    // A toggle does not bubble.
    view.addEventListener("toggle", (event) => this.#toggled(event.target), true);
    view.addEventListener("click", (event) => this.#clicked(event.target));
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** The time range of the figures, in seconds. */
  get seconds(): string {
    return this.#value("seconds");
  }

  get choice(): Choice {
    const show = SHOWS.find((each) => each === this.#value("show")) ?? EVERYTHING.show;
    return { search: this.#value("search"), show, open: this.#open, limit: this.#limit };
  }

  #value(name: string): string {
    return String(new FormData(this.#form).get(name) ?? "");
  }

  #toggled(target: EventTarget | null): void {
    if (!(target instanceof HTMLDetailsElement)) return;
    const key = target.dataset["serviceRow"];
    if (key === undefined || target.open === this.#open.has(key)) return;
    if (target.open) this.#open.add(key);
    else this.#open.delete(key);
    this.#onChange(false);
  }

  #clicked(target: EventTarget | null): void {
    const more = target instanceof HTMLElement ? target.dataset["more"] : undefined;
    if (more === undefined) return;
    this.#limit += Number(more);
    this.#onChange(false);
  }

  /** `/` focuses the search, and Escape clears it. */
  #key(event: KeyboardEvent): void {
    const search = this.#form.elements.namedItem("search");
    if (!(search instanceof HTMLInputElement)) return;
    if (event.key === "/" && !isTyping(event)) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && event.target === search && search.value !== "") {
      event.preventDefault();
      search.value = "";
      search.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  /** Enter in the search opens and focuses the first service that was found. */
  #openFirst(): void {
    const first = this.#view.querySelector<HTMLDetailsElement>("[data-service-row]");
    if (first === null) return;
    first.open = true;
    first.querySelector("summary")?.focus();
  }

  #readAddress(): void {
    const asked = new URLSearchParams(location.search);
    for (const control of this.#form.elements) {
      if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement) {
        const value = asked.get(control.name);
        if (value === null) continue;
        if (control.type === "radio" && control instanceof HTMLInputElement)
          control.checked = control.value === value;
        else control.value = value;
      }
    }
    // An unknown value leaves no option selected.
    if (this.#value("seconds") === "" || this.#value("show") === "") this.#form.reset();
  }

  #writeAddress(): void {
    const chosen = new URLSearchParams();
    for (const [name, value] of new FormData(this.#form)) {
      if (value !== DEFAULTS[name]) chosen.set(name, String(value));
    }
    const query = chosen.toString();
    history.replaceState(null, "", `${location.pathname}${query === "" ? "" : `?${query}`}${location.hash}`);
  }
}

const SHOWS: readonly Show[] = ["all", "busy", "failing"];
const DEFAULTS: Readonly<Record<string, string>> = { seconds: "60", search: "", show: "all" };

/** Whether a key is typed into a field. */
function isTyping({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  const isField =
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && target.type !== "radio");
  return ctrlKey || metaKey || altKey || isField;
}
