// Places orders over HTTP and shows what the server's live stream says happened, nothing else.
(() => {
  'use strict';

  const MAX_SHOWN = 40;
  const PLACES = 4; // colours; further shards share them, and are told apart by their names
  const STEPS = [ // of place-order, in the order in which they can happen
    { name: 'register', label: 'registered' },
    { name: 'reserveCredit', label: 'credit' },
    { name: 'reserveStock', label: 'stock', each: true },
    { name: 'approval', label: 'approval', waits: true },
    { name: 'charge', label: 'charged' },
    { name: 'confirm', label: 'confirmed' },
    { name: 'useCredit', label: 'credit used' },
    { name: 'ship', label: 'shipping', each: true },
    { name: 'markShipped', label: 'shipped' },
  ];
  const ENDED = ['SHIPPED', 'CANCELLED', 'PLACED'];
  const PAST_PIVOT = ['CONFIRMED', 'SHIPPED'];
  const QUIET_MS = 2000; // without news for so long, an unfinished order is asked for
  const ASKED_AT_ONCE = 5;
  const ARTICLES = [['BOOK-1', '19.90'], ['BOOK-2', '12.45'], ['BOOK-3', '64.00'], ['BOOK-4', '11.50'], ['BOOK-5', '35.00']];

  const byId = (id) => document.getElementById(id);
  const form = byId('place');
  const lines = byId('lines');
  const journeys = new Map(); // order id -> {element, status, passed: {station: microseconds}, …}, newest last
  const sagas = new Map(); // saga id -> {step: {done, undone, refused, running}}, newest last

  const shards = new Map(); // name -> {element, place, elsewhere}: whether another copy's relay publishes it

  // --- Placing orders

  function addLine(sku, price) {
    const line = byId('line-template').content.firstElementChild.cloneNode(true);
    line.querySelector('[name=sku]').value = sku;
    line.querySelector('[name=unitPrice]').value = price;
    line.querySelector('.remove').addEventListener('click', () => {
      line.remove();
      byId('add-line').focus();
    });
    lines.append(line);
    return line;
  }

  // Only whole numbers are sent as numbers; anything else goes as it is, and the server says why not.
  const number = (text) => (/^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text.trim());

  function order() {
    return {
      customerId: number(byId('customer').value),
      lines: [...lines.children].map((line) => ({
        sku: line.querySelector('[name=sku]').value.trim(),
        quantity: number(line.querySelector('[name=quantity]').value),
        unitPrice: line.querySelector('[name=unitPrice]').value.trim(),
      })),
    };
  }

  async function send(method, path, body) {
    const response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) {
      throw Object.assign(new Error(answer.detail || answer.title), { errors: answer.errors || [] });
    }
    return answer;
  }

  function input(field) {
    const line = /^lines\[(\d+)\]\.(\w+)$/.exec(field);
    return line
      ? lines.children[Number(line[1])]?.querySelector(`[name="${line[2]}"]`)
      : form.querySelector(`[name="${CSS.escape(field)}"]`);
  }

  // "lines[1].quantity" is the second line's quantity.
  function label(field) {
    const element = input(field);
    const line = /^lines\[(\d+)\]/.exec(field);
    const name = element?.getAttribute('aria-label') || element?.labels?.[0]?.textContent || field;
    return line ? `Line ${Number(line[1]) + 1}, ${name.toLowerCase()}` : name;
  }

  function showProblem(error) {
    const problem = byId('problem');
    const mistakes = (error?.errors || []).map((each) => `${label(each.field)}: ${each.message}`);
    problem.hidden = !error;
    problem.textContent = mistakes.length ? mistakes.join('; ') : error?.message || '';
    form.querySelectorAll('[aria-invalid]').forEach((each) => each.removeAttribute('aria-invalid'));
    const wrong = (error?.errors || []).map((each) => input(each.field)).filter(Boolean);
    wrong.forEach((each) => each.setAttribute('aria-invalid', 'true'));
    wrong[0]?.focus();
  }

  async function place(bodies) {
    const buttons = form.querySelectorAll('.actions button');
    buttons.forEach((button) => { button.disabled = true; });
    try {
      await Promise.all(bodies.map((body) => send('POST', 'orders', body)));
      showProblem(null);
    } catch (error) {
      showProblem(error);
    } finally {
      buttons.forEach((button) => { button.disabled = false; });
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    place([order()]);
  });
  byId('many').addEventListener('click', () => place(Array.from({ length: 20 }, order)));
  byId('add-line').addEventListener('click', () => {
    const [sku, price] = ARTICLES[lines.children.length % ARTICLES.length];
    addLine(sku, price).querySelector('input').focus();
  });
  byId('customer').addEventListener('change', refreshSummary);

  // --- Provoking what goes another way

  const one = (sku, quantity, unitPrice) => ({ sku, quantity, unitPrice });
  const PROVOKED = {
    credit: { limit: '0.00', order: { customerId: 13, lines: [one('BOOK-1', 1, '19.90')] } },
    stock: { order: { customerId: 12, lines: [one('BOOK-1', 1, '1.00'), one('NOWHERE-1', 1, '2.00')] } },
    approval: { limit: '1000000.00', order: { customerId: 11, lines: [one('BOOK-3', 20, '64.00')] } },
  };

  async function provoke({ limit, order: wanted }) {
    try {
      if (limit) {
        await send('PUT', `customers/${wanted.customerId}`, { creditLimit: limit });
      }
      await send('POST', 'orders', wanted);
      showProblem(null);
    } catch (error) {
      showProblem(error);
    }
  }

  document.querySelectorAll('[data-provoke]').forEach((button) => {
    button.addEventListener('click', () => provoke(PROVOKED[button.dataset.provoke]));
  });

  byId('audit').addEventListener('click', async () => {
    const result = byId('audit-result');
    const report = await ask('audit');
    result.toggleAttribute('data-good', Boolean(report?.quiescent) && report.violations.length === 0);
    result.toggleAttribute('data-bad', !report || report.violations.length > 0);
    if (!report) {
      result.textContent = 'A shard does not answer.';
    } else if (report.violations.length) {
      result.textContent = `${report.violations.length} violations, the first: ${report.violations[0].rule}, ${report.violations[0].detail}`;
    } else {
      result.textContent = report.quiescent ? 'Everything adds up.' : 'Sagas are on their way: ask again when they rest.';
    }
  });

  // --- The customer

  let summaryTimer = 0;

  async function ask(path) {
    try {
      const response = await fetch(path);
      return response.ok ? await response.json() : null;
    } catch {
      return null; // the server is away; the figures say so
    }
  }

  async function refreshSummary() {
    clearTimeout(summaryTimer);
    summaryTimer = 0;
    const customer = byId('customer').value.trim();
    byId('summary-customer').textContent = customer;
    const path = `customers/${encodeURIComponent(customer)}`;
    const [summary, credit] = await Promise.all([ask(`${path}/summary`), ask(path)]);
    byId('summary-count').textContent = summary ? summary.orderCount : '–';
    byId('summary-total').textContent = summary ? summary.total : '–';
    byId('credit-limit').textContent = credit ? credit.creditLimit : '–';
    byId('credit-available').textContent = credit ? credit.available : '–';
  }

  // A burst of handled orders asks once.
  function summaryMayHaveChanged() {
    summaryTimer = summaryTimer || setTimeout(refreshSummary, 60);
  }

  // --- Orders on their way

  function journey(orderId) {
    let known = journeys.get(orderId);
    if (!known) {
      const element = byId('journey-template').content.firstElementChild.cloneNode(true);
      element.querySelector('.id').textContent = orderId;
      element.querySelector('.id').title = orderId;
      element.querySelector('.total').textContent = 'Placed';
      element.querySelector('.who').textContent = 'elsewhere';
      known = {
        element, orderId, sagaId: null, status: 'PENDING', reason: '', lines: 1, needsApproval: false, waited: false,
        newsAt: Date.now(), passed: {}, customerId: null, shard: null,
      };
      element.querySelector('.approve').addEventListener('click', () => decide(known, 'approve'));
      element.querySelector('.cancel').addEventListener('click', () => decide(known, 'cancel'));
      element.querySelector('.timeline').addEventListener('toggle', () => drawTimeline(known));
      journeys.set(orderId, known);
      byId('journeys').prepend(element);
      byId('nothing').hidden = true;
      if (journeys.size > MAX_SHOWN) {
        const [oldest, { element: last }] = journeys.entries().next().value;
        last.remove();
        journeys.delete(oldest);
      }
    }
    return known;
  }

  const milliseconds = (micros) => {
    const ms = micros / 1000;
    return Math.abs(ms) < 10_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(1)} s`;
  };
  // --- The steps of an order's saga

  const nothingDone = () => ({ running: 0, done: 0, undone: 0, refused: 0 });

  function stepsOf(sagaId) {
    let steps = sagas.get(sagaId);
    if (!steps) {
      steps = Object.fromEntries(STEPS.map(({ name }) => [name, nothingDone()]));
      sagas.set(sagaId, steps);
      if (sagas.size > 2 * MAX_SHOWN) {
        sagas.delete(sagas.keys().next().value);
      }
    }
    return steps;
  }

  function waitingState({ status, waited }) {
    if (status === 'AWAITING_APPROVAL') {
      return 'running';
    }
    return PAST_PIVOT.includes(status) ? 'done' : waited && status === 'CANCELLED' ? 'refused' : '';
  }

  function stateOf(known, step, moved, most) {
    if (step.waits) {
      return waitingState(known);
    }
    if (known.status === 'SHIPPED') {
      return 'done'; // also when this page was not told of each step
    }
    if (moved.refused) {
      return 'refused';
    }
    if (moved.undone) {
      return 'undone';
    }
    return moved.done >= most ? 'done' : moved.running || moved.done ? 'running' : '';
  }

  function chip(known, step, moved) {
    const most = step.each ? known.lines : 1;
    const state = stateOf(known, step, moved, most);
    const element = document.createElement('li');
    element.className = 'chip';
    if (state) {
      element.dataset.state = state;
    }
    const many = most > 1 ? ` ${state === 'done' ? most : Math.min(moved.done, most)}/${most}` : '';
    element.textContent = step.label + many;
    element.title = `${step.name}: ${state || 'not yet'}`;
    return element;
  }

  function draw(known) {
    const steps = stepsOf(known.sagaId ?? known.orderId);
    const { element, status, reason, passed } = known;
    element.dataset.status = status;
    element.querySelector('.chips').replaceChildren(...STEPS
      .filter(({ waits }) => !waits || known.needsApproval)
      .map((step) => chip(known, step, steps[step.name])));
    element.querySelector('.status').textContent = status.toLowerCase().replaceAll('_', ' ');
    element.querySelector('.reason').textContent = reason;
    const { COMMITTED: committed, HANDLED: handled } = passed;
    element.querySelector('.event').textContent = committed !== undefined && handled !== undefined
      ? `its event was counted ${milliseconds(Math.max(0, handled - committed))} after the commit` : '';
    element.querySelector('.choices').hidden = status !== 'AWAITING_APPROVAL';
  }

  async function decide(known, what) {
    const buttons = known.element.querySelectorAll('.choices button');
    buttons.forEach((button) => { button.disabled = true; });
    try {
      await send('POST', `orders/${known.orderId}/${what}`);
    } catch (error) {
      known.element.querySelector('.reason').textContent = error.message;
      buttons.forEach((button) => { button.disabled = false; });
    }
  }

  async function drawTimeline({ element, orderId }) {
    const details = element.querySelector('.timeline');
    if (!details.open) {
      return;
    }
    const timeline = await ask(`orders/${orderId}/timeline`);
    const entries = timeline ? timeline.entries : [{ text: 'No timeline is kept.' }];
    details.querySelector('ol').replaceChildren(...entries.map(({ at, text, millis }) => {
      const item = document.createElement('li');
      const took = millis > 0 ? ` (${millis.toFixed(1)} ms)` : '';
      item.textContent = `${at ? `${new Date(at).toISOString().slice(11, 23)} ` : ''}${text}${took}`;
      return item;
    }));
  }

  function onStep({ sagaId, step, compensation, outcome }) {
    const moved = stepsOf(sagaId)[step];
    if (!moved) {
      return; // one that has no chip
    }
    if (outcome === 'RUNNING') {
      moved.running += 1;
    } else {
      moved.running = Math.max(0, moved.running - 1);
      moved.undone += compensation && outcome === 'DONE' ? 1 : 0;
      moved.done += !compensation && outcome === 'DONE' ? 1 : 0;
      moved.refused += outcome === 'REFUSED' ? 1 : 0;
    }
    for (const known of journeys.values()) {
      if (known.sagaId === sagaId) {
        known.newsAt = Date.now();
        draw(known);
      }
    }
  }

  function onStatus({ orderId, status, reason }) {
    const known = journey(orderId);
    known.newsAt = Date.now();
    known.status = status;
    known.reason = reason || '';
    known.waited = known.waited || status === 'AWAITING_APPROVAL';
    draw(known);
    drawTimeline(known);
    summaryMayHaveChanged();
  }

  // What another copy of the application does is not told here: unfinished orders without news are asked for.
  async function askForTheQuiet() {
    const quiet = [...journeys.values()]
      .filter(({ status, newsAt }) => !ENDED.includes(status) && Date.now() - newsAt > QUIET_MS)
      .slice(0, ASKED_AT_ONCE);
    await Promise.all(quiet.map(async (known) => {
      known.newsAt = Date.now();
      const found = await ask(`orders/${known.orderId}`);
      if (found && found.status !== known.status) {
        onStatus(found);
      }
    }));
  }

  function median(values) {
    const sorted = values.sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }

  function drawTypical() {
    const delays = [...journeys.values()]
      .filter(({ passed }) => passed.COMMITTED !== undefined && passed.HANDLED !== undefined)
      .map(({ passed }) => passed.HANDLED - passed.COMMITTED);
    byId('typical').textContent = delays.length
      ? `Confirmed to counted: median ${milliseconds(median(delays))} of the ${delays.length} shown`
      : '';
  }

  function drawPlace(known) {
    const mark = known.element.querySelector('.place');
    mark.hidden = known.shard === null;
    if (known.shard !== null) {
      mark.textContent = known.shard.slice(0, 1);
      mark.title = `On shard ${known.shard}`;
      mark.setAttribute('aria-label', mark.title);
      mark.dataset.place = shards.get(known.shard)?.place ?? '';
    }
  }

  function onOrder({ orderId, sagaId, customerId, total, lines: count, needsApproval, shard }) {
    const known = journey(orderId);
    Object.assign(known, { sagaId, customerId, shard, needsApproval, lines: count });
    drawPlace(known);
    draw(known);
    known.element.querySelector('.total').textContent = total;
    known.element.querySelector('.who').textContent = `customer ${customerId}`;
  }

  function onStation({ orderId, name, at }) {
    const known = journey(orderId);
    known.passed[name] = known.passed[name] ?? at; // a repeated delivery changes nothing
    known.newsAt = Date.now();
    draw(known);
    if (name === 'HANDLED') {
      summaryMayHaveChanged();
      drawTypical();
      speak(known);
    }
  }

  // Read aloud at most once in three seconds: a burst must not flood a screen reader.
  let spokenAt = 0;

  function speak({ customerId, passed }) {
    const now = Date.now();
    const micros = passed.HANDLED - passed.COMMITTED;
    if (customerId !== null && Number.isFinite(micros) && now - spokenAt > 3000) {
      spokenAt = now;
      byId('spoken').textContent =
        `An order of customer ${customerId} was confirmed, and counted ${milliseconds(micros)} later`;
    }
  }

  // --- The shards and their relays

  function bytes(count) {
    if (count < 0) {
      return 'no slot';
    }
    return count < 1_048_576 ? `${(count / 1024).toFixed(0)} KiB` : `${(count / 1_048_576).toFixed(1)} MiB`;
  }

  const age = (ms) => (ms < 1000 ? `${ms} ms ago` : `${(ms / 1000).toFixed(1)} s ago`);

  function setState(element, text, mark) {
    if (element.textContent !== text) {
      element.textContent = text;
    }
    element.toggleAttribute('data-good', mark === 'good');
    element.toggleAttribute('data-bad', mark === 'bad');
  }

  function card(name) {
    let known = shards.get(name);
    if (!known) {
      const element = byId('shard-template').content.firstElementChild.cloneNode(true);
      const place = shards.size % PLACES;
      element.dataset.place = place;
      element.querySelector('.name').textContent = name;
      element.querySelector('.place').textContent = name.slice(0, 1);
      byId('shards').append(element);
      known = { element, place, elsewhere: false };
      shards.set(name, known);
      journeys.forEach(drawPlace);
    }
    return known;
  }

  function leaderText({ leads, leader, relay }) {
    if (leads) {
      return `${relay.toLowerCase().replaceAll('_', ' ')} here`;
    }
    return leader ? `at ${leader}` : 'none yet';
  }

  function onShard(shard) {
    const { name, state, slots, detail, lag, inFlight, leads, leader } = shard;
    const known = card(name);
    const { element } = known;
    const up = state === 'UP';
    setState(element.querySelector('.state'), state.toLowerCase(), up ? 'good' : state === 'DOWN' ? 'bad' : '');
    element.toggleAttribute('data-away', !up);
    element.querySelector('.detail').hidden = !detail;
    element.querySelector('.detail').textContent = detail;
    const show = (of, text) => { element.querySelector(`[data-of=${of}]`).textContent = text; };
    show('slots', slots.toLocaleString('en'));
    show('leader', leaderText(shard));
    element.querySelector('[data-of=leader]').title = leader || '';
    show('flight', leads ? inFlight : '–');
    show('behind', lag ? age(lag.oldestUnpublishedMillis) : '–');
    show('wal', lag ? bytes(lag.retainedBytes) : '–');
    known.elsewhere = Boolean(leader) && !leads;
  }

  function onShards({ shards: all, parked }) {
    setState(byId('connection'), 'live', 'good');
    byId('parked').textContent = parked ? parked.keys + (parked.dead ? ` (${parked.dead} dead)` : '') : '–';
    all.forEach(onShard);
    askForTheQuiet();
    const texts = all.flatMap(({ name, findings, gaps }) => [
      ...findings,
      ...(gaps ? [`A replication slot was lost or made again ${gaps} times since the start.`] : []),
    ].map((text) => (all.length > 1 ? `Shard ${name}: ${text}` : text)));
    byId('findings').hidden = texts.length === 0;
    byId('findings').replaceChildren(...texts.map((text) => {
      const item = document.createElement('li');
      item.textContent = text;
      return item;
    }));
    if ([...shards.values()].some(({ elsewhere }) => elsewhere)) {
      summaryMayHaveChanged(); // what another copy handles is not told here
    }
  }

  function disconnected() {
    setState(byId('connection'), 'no connection', 'bad');
    byId('parked').textContent = '–';
    shards.forEach(({ element }) => {
      setState(element.querySelector('.state'), 'unknown', '');
      element.querySelectorAll('[data-of]').forEach((figure) => { figure.textContent = '–'; });
    });
  }

  // --- Start

  addLine(...ARTICLES[0]);
  refreshSummary();
  const live = new EventSource('live'); // reconnects by itself; what is told again changes nothing
  live.addEventListener('order', (event) => onOrder(JSON.parse(event.data)));
  live.addEventListener('step', (event) => onStep(JSON.parse(event.data)));
  live.addEventListener('status', (event) => onStatus(JSON.parse(event.data)));
  live.addEventListener('station', (event) => onStation(JSON.parse(event.data)));
  live.addEventListener('shards', (event) => onShards(JSON.parse(event.data)));
  live.addEventListener('open', () => {
    sagas.clear(); // the last steps are told again, and must not count twice
    refreshSummary();
  });
  live.addEventListener('error', disconnected);
})();
