"""What is told after judging: disks, connections, runs, objects, the timeline."""
