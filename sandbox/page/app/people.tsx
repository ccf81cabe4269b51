import type { Author, Person } from "./model.ts";

const tints = ["#3b6fd4", "#b5542b", "#2f7d62", "#8a4fb0", "#a33d63", "#4b6477", "#8a6d1d", "#2b7a94"];

function tintOf(id: string): string {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997;
  return tints[sum % tints.length] ?? "#4b6477";
}

function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => word.slice(0, 1).toUpperCase())
    .join("");
}

/** A square with initials. Nightdesk has a moon and other bots are grey, so that nobody takes them for people. */
export function Avatar({ id, name, kind, small }: Author & { small?: boolean }) {
  const size = small === true ? " avatar-small" : "";
  if (kind === "app") return <span className={`avatar avatar-app${size}`}>☾</span>;
  if (kind === "bot") return <span className={`avatar avatar-bot${size}`}>{initials(name)}</span>;
  return (
    <span className={`avatar${size}`} style={{ background: tintOf(id) }} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

interface SwitchProps {
  people: Person[];
  viewer: string;
  /** People whom something new waits for since they were last looked through. */
  waiting: ReadonlySet<string>;
  choose(id: string): void;
}

/** One reader can be requester and approver: whoever is chosen here types, presses and reads. */
export function PersonSwitch({ people, viewer, waiting, choose }: SwitchProps) {
  return (
    <section className="people" aria-label="You are">
      <h2>You are</h2>
      <ul>
        {people.map((person) => (
          <li key={person.id}>
            <button
              type="button"
              className="person"
              aria-pressed={person.id === viewer}
              data-person={person.name}
              onClick={() => choose(person.id)}
            >
              <Avatar id={person.id} name={person.realName} kind="person" small />
              <span className="person-name">{person.realName}</span>
              {waiting.has(person.id) && <span className="dot" title="Something new for this person" />}
              {person.id === viewer && <span className="zone">{zoneLabel(person.zone)}</span>}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function zoneLabel(zone: string): string {
  return (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}
