#!/usr/bin/env node
// An SVG file as a PNG at twice its size, drawn by the browser that the tests use.
//   node scripts/svg-to-png.mjs in.svg out.png
import { readFileSync } from 'node:fs';
import { launch } from './browser.mjs';

const [source, target] = process.argv.slice(2);
if (!source || !target) {
  console.error('usage: node scripts/svg-to-png.mjs IN.svg OUT.png');
  process.exit(2);
}
try {
  const browser = await launch({ gpu: 'none' });
  const page = await browser.newPage({ deviceScaleFactor: 2, javaScriptEnabled: false });
  await page.setContent(`<!doctype html><style>body{margin:0}</style>${readFileSync(source, 'utf8')}`);
  await page.locator('svg').screenshot({ path: target });
  await browser.close();
} catch (error) {
  console.error(`svg-to-png: ${error.message.split('\n')[0]}`);
  process.exitCode = 1;
}
