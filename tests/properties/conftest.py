from support.quick_files import in_memory

__all__ = ["in_memory"]
