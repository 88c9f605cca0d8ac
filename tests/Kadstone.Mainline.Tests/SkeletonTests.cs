namespace Kadstone.Mainline.Tests;

public sealed class SkeletonTests
{
    [Fact]
    public void The_project_builds() => typeof(SkeletonTests).Assembly.GetName().Name.ShouldBe("Kadstone.Mainline.Tests");
}
