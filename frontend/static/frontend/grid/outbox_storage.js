// @ts-check
/** Stores the items of the outbox in the browser's database until the server has answered for them. */

/**
 * @typedef {import("./outbox.js").Item} Item
 * @typedef {{item: Item, reason: string}} Refused
 * @typedef {{person: string, id: string, entry: Item, reason?: string}} Row `entry` is an older name of the item.
 *   A new name would lose the rows that open browsers have stored.
 */

const DATABASE = "labeler";
const STORES = /** @type {const} */ (["waiting", "refused"]);

export class OutboxStorage {
  /**
   * Each person has their own rows, so that marks are never sent in the name of another person.
   * @param {string} person
   * @param {IDBFactory | undefined} [factory]
   */
  constructor(person, factory = globalThis.indexedDB) {
    this.person = person;
    this.database = open(factory);
  }

  /** @param {Item[]} items */
  put(items) {
    return this.write("waiting", (store) => {
      for (const item of items) store.put({ person: this.person, id: item.id, entry: item });
    });
  }

  /** @param {Item[]} items */
  drop(items) {
    return this.write("waiting", (store) => {
      for (const item of items) store.delete([this.person, item.id]);
    });
  }

  /**
   * Return the items that wait, oldest first.
   * @returns {Promise<Item[]>}
   */
  async all() {
    return (await this.read("waiting")).map((row) => row.entry);
  }

  /**
   * Store refused marks until the judge has seen them.
   * @param {Refused[]} marks
   */
  refuse(marks) {
    return this.write("refused", (store) => {
      for (const { item, reason } of marks) store.put({ person: this.person, id: item.id, entry: item, reason });
    });
  }

  /** @returns {Promise<Refused[]>} oldest first */
  async refused() {
    return (await this.read("refused")).map(({ entry, reason }) => ({ item: entry, reason: reason ?? "" }));
  }

  /** Delete the refused marks, because the judge has seen them. */
  forgetRefused() {
    return this.write("refused", (store) => store.delete(range(this.person)));
  }

  /**
   * Change a store. If the database is full or forbidden, do nothing: marks are still in memory and are sent.
   * @param {typeof STORES[number]} name
   * @param {(store: IDBObjectStore) => void} change
   * @returns {Promise<void>}
   */
  async write(name, change) {
    const database = await this.database;
    if (!database) return;
    await new Promise((/** @type {(value?: any) => void} */ resolve) => {
      const transaction = database.transaction(name, "readwrite");
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => resolve();
      transaction.onerror = () => resolve();
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
 * @returns {Promise<IDBDatabase | null>} null if the browser offers no database
 */
function open(factory) {
  return new Promise((resolve) => {
    if (!factory) {
      resolve(null);
      return;
    }
    try {
      const request = factory.open(DATABASE, 1);
      request.onupgradeneeded = () => {
        for (const name of STORES) request.result.createObjectStore(name, { keyPath: ["person", "id"] });
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}
