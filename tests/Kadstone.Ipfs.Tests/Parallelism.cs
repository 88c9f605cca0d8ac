// Networks of thirty nodes each: one after another they are faster than all at once.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
