// These tests wait more than they work, but each starts several processes: four at a time suit two cores.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
