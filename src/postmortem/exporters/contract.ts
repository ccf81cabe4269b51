import type { Postmortem } from "../document.ts";

/** The newest version that was published in this format. */
export interface Previous {
  readonly version: number;
  readonly sha256: string;
  readonly url: string | null;
  readonly path: string | null;
}

export interface Published {
  /** Where people find it; null when it has no address. */
  readonly url: string | null;
  /** The file it was saved as; null when there is none. */
  readonly path: string | null;
  readonly version: number;
  /** It was published before exactly as it is now. */
  readonly unchanged: boolean;
  /** Of what was published: the same record gives the same. */
  readonly sha256: string;
}

/** A format and the place where it goes. One file, listed in `index.ts`. Publishing twice updates, never duplicates. */
export interface Exporter {
  readonly name: string;
  /** The document as text, without publishing it (`GET …/postmortem?format=`). The same document gives the same bytes. */
  render(document: Postmortem): string;
  readonly mediaType: string;
  /** Publishes the next version, or nothing when `previous` is the same. Throws when it could be put nowhere. */
  publish(document: Postmortem, previous: Previous | null): Promise<Published>;
}

/** Puts a file into the incident's thread: its address, or null when there is no thread yet. May throw. */
export type UploadToThread = (file: {
  readonly incident: number;
  readonly name: string;
  readonly title: string;
  readonly text: string;
}) => Promise<string | null>;

/** What exporters may need of the outside world. */
export interface ExporterParts {
  /** The folder where files are saved; it is made when it is not there. */
  readonly folder: string;
  readonly uploadToThread: UploadToThread;
  /** Told when the thread could not take the file: it is saved all the same. */
  readonly onUploadFailed: (error: unknown) => void;
}
