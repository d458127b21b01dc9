// Calls endpoints of Braze with the client `braze-api`, and prints what it returned, or the error that it threw, as JSON.
// node calls.js FOLDER_OF_THE_CLIENT URL KEY
const [folder, url, key] = process.argv.slice(2);
const { Braze } = require(`${folder}/node_modules/braze-api`);

async function result(calling) {
  try {
    return { returned: await calling };
  } catch (error) {
    return { thrown: error.message, status: error.status ?? error.response?.status ?? null };
  }
}

async function main() {
  const braze = new Braze(url, key);
  const results = {};
  results.tracked = await result(braze.users.track({
    attributes: [
      { external_id: 'third-1', email: 'third.1@example.com', VIP: true },
      { external_id: 'third-2', VIP: true, points: 7 },
      { external_id: 'third-3', VIP: false },
    ],
  }));
  results.trackedInBulk = await result(braze.users.track({ attributes: [{ external_id: 'third-4', VIP: true }] }, true));
  results.withoutUser = await result(braze.users.track({ attributes: [{ VIP: true }] }));
  results.tooMany = await result(braze.users.track({
    attributes: Array.from({ length: 76 }, (_, number) => ({ external_id: `many-${number}`, VIP: true })),
  }));
  results.withAnotherKey = await result(new Braze(url, 'another-key').users.track({ attributes: [{ external_id: 'a', VIP: true }] }));
  results.byIds = await result(braze.users.export.ids({
    external_ids: ['third-1', 'third-2', 'nobody'],
    fields_to_export: ['external_id', 'email', 'custom_attributes'],
  }));
  results.bySegment = await result(braze.users.export.segment({
    segment_id: 'third-segment',
    fields_to_export: ['external_id', 'custom_attributes'],
  }));
  results.byUnknownSegment = await result(braze.users.export.segment({ segment_id: 'unknown', fields_to_export: ['external_id'] }));
  console.log(JSON.stringify(results));
}

main();
