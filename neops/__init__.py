"""neops"""
