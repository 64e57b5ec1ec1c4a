// A phone's browser buys an hour in the demo's portal: with scripts and without, on a line as slow as 2G.
//
//   node portal.mjs DEMO [PICTURES]
//
// DEMO is what `mnetifi demo` prints: http://localhost:8783. Pictures of all pages go to PICTURES, if it is named.
// Fails when a purchase does not end online, when a page weighs too much, when something is loaded from elsewhere, or
// when axe finds something serious.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium } from 'playwright-core';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const [demo, pictures] = process.argv.slice(2);
assert(demo, 'say where the demo is: node portal.mjs http://localhost:8783 [PICTURES]');

/** The most octets of a page over the line: what one round of TCP carries. */
const PAGE_MAX_BYTES = 14 * 1024;

/** A line as slow as 2G: octets a second, and milliseconds there and back. */
const SLOW = { offline: false, downloadThroughput: 250_000 / 8, uploadThroughput: 50_000 / 8, latency: 300 };

/** How long somebody looks at a page until it has gone on by itself. */
const PATIENCE_MS = 60_000;

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };

let serial = 0;
const another = () => String(++serial).padStart(2, '0');
const mac = () => `02:0b:0b:0b:0b:${another()}`;
const number = () => `07110000${another()}`;

async function prompts() {
  const answer = await fetch(`${demo}/prompts.json`);
  return answer.json();
}

/** Whoever holds the telephone answers M-Pesa. */
async function answers(phone, how) {
  const full = `254${phone.slice(1)}`;
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
    if ((await prompts()).some((prompt) => prompt.phone === full)) {
      const answer = await fetch(`${demo}/prompts/${full}/${how}`, { method: 'POST' });
      assert(answer.ok, `the telephone ${full} cannot answer: ${await answer.text()}`);
      return;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`M-Pesa never asked ${full}`);
}

/** A phone with a page that is watched: what it weighs, and what it loads. */
async function open(browser, { scripts, slow = true, size = PHONE, language = 'en-KE' }) {
  const context = await browser.newContext({
    viewport: size,
    isMobile: size === PHONE,
    hasTouch: size === PHONE,
    javaScriptEnabled: scripts,
    locale: language,
    extraHTTPHeaders: { 'accept-language': language },
  });
  const page = await context.newPage();
  const weights = [];
  const line = await context.newCDPSession(page);
  await line.send('Network.enable');
  if (slow) await line.send('Network.emulateNetworkConditions', SLOW);
  const types = new Map();
  line.on('Network.responseReceived', ({ requestId, response, type }) =>
    types.set(requestId, { url: response.url, type }),
  );
  line.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const known = types.get(requestId);
    if (known) weights.push({ ...known, octets: encodedDataLength });
  });
  return { context, page, weights };
}

async function photograph(page, name) {
  if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
}

/** What axe finds that keeps people out. */
async function isOpenToAll(page, name) {
  await page.addScriptTag({ path: axe });
  const found = await page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return result.violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, at: nodes[0]?.html }));
  });
  const serious = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(serious, [], `axe finds on ${name}`);
  return found.length;
}

async function buys(browser, scripts) {
  const name = scripts ? 'with scripts' : 'without scripts';
  const { context, page, weights } = await open(browser, { scripts });
  const phone = number();
  const began = Date.now();
  await page.goto(`${demo}/join?mac=${mac()}`);
  await page.getByText('Buy with M-Pesa').waitFor();
  const first = Date.now() - began;
  if (!scripts) await photograph(page, '1-home');
  await page.locator('button[data-plan=hour]').click();
  await page.getByLabel('M-Pesa phone number').fill(`${phone.slice(0, 4)} ${phone.slice(4, 7)} ${phone.slice(7)}`);
  if (!scripts) await photograph(page, '2-buy');
  await page.getByRole('button', { name: /^Pay KES/ }).click();
  await page.getByText(/Asking M-Pesa|Look at your phone/).first().waitFor();
  await page.getByText('Look at your phone').waitFor({ timeout: PATIENCE_MS });
  if (!scripts) await photograph(page, '3-waiting');
  await answers(phone, 'accept');
  const paid = Date.now();
  await page.getByText('Paid. Thank you!').waitFor({ timeout: PATIENCE_MS });
  if (!scripts) await photograph(page, '4-paid');
  await page.getByText('You are connected').waitFor({ timeout: PATIENCE_MS });
  if (!scripts) await photograph(page, '5-connected');
  const online = Date.now() - paid;
  for (const { url, type, octets } of weights) {
    assert(octets <= PAGE_MAX_BYTES, `${url} weighs ${octets} octets`);
    assert(['Document', 'Other'].includes(type), `${url} is loaded as ${type}`);
    assert(['localhost', '127.0.0.1'].includes(new URL(url).hostname), `${url} is elsewhere`);
  }
  const heaviest = Math.max(...weights.map(({ octets }) => octets));
  console.log(
    `${name}, as slow as 2G: first page after ${first} ms, online ${online} ms after the PIN; ` +
      `${weights.length} pages, the heaviest ${heaviest} octets`,
  );
  await context.close();
}

async function refuses(browser) {
  const { context, page } = await open(browser, { scripts: false, slow: false });
  const phone = number();
  await page.goto(`${demo}/join?mac=${mac()}`);
  await page.locator('button[data-plan=hour]').click();
  await page.getByLabel('M-Pesa phone number').fill('12');
  await page.getByRole('button', { name: /^Pay KES/ }).click();
  await page.getByRole('alert').waitFor();
  await photograph(page, '6-no-number');
  await page.getByLabel('M-Pesa phone number').fill(phone);
  await page.getByRole('button', { name: /^Pay KES/ }).click();
  await answers(phone, 'refuse');
  await page.getByText('Nothing was paid').waitFor({ timeout: PATIENCE_MS });
  await photograph(page, '7-refused');
  await context.close();
}

async function everyPage(browser, language, size, name) {
  const { context, page } = await open(browser, { scripts: true, slow: false, size, language });
  // axe comes into the page by the tools' own way, past the page's policy.
  const line = await context.newCDPSession(page);
  await line.send('Page.setBypassCSP', { enabled: true });
  await page.goto(`${demo}/join?mac=${mac()}`);
  const ticket = await page.locator('input[name=c]').first().inputValue();
  const base = new URL(page.url()).origin;
  let found = 0;
  const plan = await page.locator('button[data-plan=hour]').getAttribute('value');
  for (const [what, to] of [
    ['home', `/?c=${ticket}`],
    ['buy', `/buy?plan=${plan}&c=${ticket}`],
    ['check', `/check?c=${ticket}`],
    ['status', `/status?c=${ticket}`],
    ['terms', `/terms?c=${ticket}`],
    ['nothing', `/no-such-page?c=${ticket}`],
  ]) {
    await page.goto(base + to);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    assert(!wide, `${what} is wider than the screen (${name})`);
    found += await isOpenToAll(page, `${what}, ${name}`);
    await photograph(page, `${name}-${what}`);
  }
  await page.goto(base + `/check?c=${ticket}`);
  await page.locator('#code').fill('NoSuchCode9');
  await page.locator('form button').first().click();
  found += await isOpenToAll(page, `wrong code, ${name}`);
  await photograph(page, `${name}-wrong-code`);
  console.log(`axe, ${name}: nothing serious on 7 pages; ${found} smaller remarks`);
  await context.close();
}

if (pictures) await mkdir(pictures, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-dev-shm-usage',
  ],
});
try {
  await buys(browser, false);
  await buys(browser, true);
  await refuses(browser);
  await everyPage(browser, 'en-KE', PHONE, 'phone');
  await everyPage(browser, 'sw-KE', PHONE, 'phone-sw');
  await everyPage(browser, 'en-KE', DESKTOP, 'desktop');
} finally {
  await browser.close();
}
