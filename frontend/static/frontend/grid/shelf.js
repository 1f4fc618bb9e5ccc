// @ts-check
/** Keeps in the browser's database what the server has not answered for. */

/**
 * @typedef {import("./outbox.js").Entry} Entry
 * @typedef {{entry: Entry, reason: string}} Refused
 * @typedef {{person: string, id: string, entry: Entry, reason?: string}} Row
 */

const NAME = "labeler";
const STORES = /** @type {const} */ (["waiting", "refused"]);

export class Shelf {
  /**
   * Each person has an own shelf: marks are never sent under another name.
   * @param {string} person
   * @param {IDBFactory | undefined} [factory]
   */
  constructor(person, factory = globalThis.indexedDB) {
    this.person = person;
    this.database = open(factory);
  }

  /** @param {Entry[]} entries */
  put(entries) {
    return this.write("waiting", (store) => {
      for (const entry of entries) store.put({ person: this.person, id: entry.id, entry });
    });
  }

  /** @param {Entry[]} entries */
  drop(entries) {
    return this.write("waiting", (store) => {
      for (const entry of entries) store.delete([this.person, entry.id]);
    });
  }

  /**
   * What no visit has been able to send yet, oldest first.
   * @returns {Promise<Entry[]>}
   */
  async all() {
    return (await this.read("waiting")).map((row) => row.entry);
  }

  /**
   * Keep what the server refused until somebody has seen it.
   * @param {Refused[]} refused
   */
  refuse(refused) {
    return this.write("refused", (store) => {
      for (const { entry, reason } of refused) store.put({ person: this.person, id: entry.id, entry, reason });
    });
  }

  /** @returns {Promise<Refused[]>} oldest first */
  async refused() {
    return (await this.read("refused")).map(({ entry, reason }) => ({ entry, reason: reason ?? "" }));
  }

  /** Forget what was refused; it has been seen. */
  forgetRefused() {
    return this.write("refused", (store) => store.delete(range(this.person)));
  }

  /**
   * Where the database is full or forbidden, marks still lie in memory and are sent.
   * @param {typeof STORES[number]} name
   * @param {(store: IDBObjectStore) => void} change
   * @returns {Promise<void>}
   */
  async write(name, change) {
    const database = await this.database;
    if (!database) return;
    await new Promise((/** @type {(value?: any) => void} */ resolve) => {
      const transaction = database.transaction(name, "readwrite");
      transaction.oncomplete = transaction.onabort = transaction.onerror = () => resolve();
      change(transaction.objectStore(name));
    });
  }

  /**
   * @param {typeof STORES[number]} name
   * @returns {Promise<Row[]>}
   */
  async read(name) {
    const database = await this.database;
    if (!database) return [];
    return new Promise((resolve) => {
      const request = database.transaction(name).objectStore(name).getAll(range(this.person));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve([]);
    });
  }
}

/** @param {string} person */
const range = (person) => IDBKeyRange.bound([person], [person, "\uffff"]);

/**
 * @param {IDBFactory | undefined} factory
 * @returns {Promise<IDBDatabase | null>} null where the browser gives none
 */
function open(factory) {
  return new Promise((resolve) => {
    if (!factory) return resolve(null);
    try {
      const request = factory.open(NAME, 1);
      request.onupgradeneeded = () => {
        for (const name of STORES) request.result.createObjectStore(name, { keyPath: ["person", "id"] });
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}
